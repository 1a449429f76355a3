// Boost Software License 1.0, see LICENSE

// What is tried with every JavaScript client alike. A kit stands for a library:
//   name, versions   what it is, and the STOMP versions that it can be made to speak
//   make(t, where, {version, login, heartBeat})   starts to connect and returns a client that ends with the test
// and a client has
//   connected        a promise of the headers of CONNECTED
//   subscribe(destination, headers)   a promise of an Inbox, kept when its RECEIPT comes; the Inbox has leave()
//   publish(destination, body, headers), send(...)   sends; `send` is a promise of the headers of the RECEIPT
//   receipt(what, send)   hands `send` a receipt id and is a promise of that RECEIPT
//   begin()          {id, commit(), abort()}
//   leave()          DISCONNECT
//   errors, closes, unhandled   Inboxes of ERROR frames, of close events, of messages that belong to no subscription
//   socket           its WebSocket
// A message has headers, body, ack(headers) and nack(headers).
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { freshRoom, sleep } from '../../support/js/client.mjs';
import { makeCertificate, Server } from '../../support/js/server.mjs';

export const limit = 1024 * 1024;
const beats = 15_000; // as long as this a quiet connection is watched

/// A promise that polls, for what tells nobody when it happens.
export async function until(condition, milliseconds, what) {
    for (const end = Date.now() + milliseconds; !condition(); await sleep(20)) assert.ok(Date.now() < end, `${what}: not within ${milliseconds} ms`);
}

/// Starts the server that the tests of a program share. Nothing else of the program may run before this has.
export async function start() {
    const { cert, key } = makeCertificate();
    const server = await Server.start(
        ['--listen', '127.0.0.1:0', '--tls-listen', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', key, '--stomp-listen', '127.0.0.1:0', '--max-body', '1MiB', '--output-queue', '2MiB'],
        3,
    );
    after(async () => assert.equal(await server.stop(), 0));
    return { server, where: { url: server.url('ws') }, secure: { url: server.url('wss'), ca: cert } };
}

/// A server of one test's own.
export async function ownServer(t, address = '127.0.0.1:0') {
    const server = await Server.start(['--listen', address]);
    t.after(() => server.kill());
    return server;
}

export async function connect(t, kit, where, options = {}) {
    const client = kit.make(t, where, options);
    await client.connected;
    return client;
}

function versionTests(kit, where, version) {
    const connected = t => connect(t, kit, where, { version });

    test(`STOMP ${version}: a text and its headers come through, until UNSUBSCRIBE`, async t => {
        const room = freshRoom();
        const client = kit.make(t, where, { version, login: 'ann' });
        const headers = await client.connected;
        assert.equal(headers.version ?? '1.0', version);
        assert.equal(headers['user-name'], 'ann');
        const left = await client.subscribe(room);
        const stays = await client.subscribe(room);
        const { 'message-id': id } = await client.send(room, 'Good morning!', { 'content-type': 'text/plain', 'x-colour': 'blue' });
        const [message] = await left.atLeast(1);
        await stays.atLeast(1);
        assert.equal(message.body, 'Good morning!');
        assert.equal(message.headers['content-type'], 'text/plain');
        assert.equal(message.headers['x-colour'], 'blue');
        assert.equal(message.headers.user, 'ann');
        assert.equal(message.headers.destination, room);
        assert.ok(message.headers['message-id'].startsWith(id), 'the RECEIPT of SEND tells the id');
        left.leave();
        await client.send(room, 'second');
        await stays.atLeast(2);
        assert.deepEqual(left.bodies, ['Good morning!']);
        assert.equal(client.unhandled.all.length, 0, 'nothing comes behind UNSUBSCRIBE');
        await client.leave();
        assert.equal(client.errors.all.length, 0);
    });

    test(`STOMP ${version}: with ack:client an ACK covers everything before it`, async t => {
        const room = freshRoom();
        const client = await connected(t);
        const inbox = await client.subscribe(room, { ack: 'client', 'prefetch-count': '3' });
        for (let i = 0; i < 6; ++i) await client.send(room, `${i}`);
        await inbox.atLeast(3);
        await sleep(200);
        assert.deepEqual(inbox.bodies, ['0', '1', '2'], 'the window is full');
        await client.receipt('ACK', receipt => inbox.all[2].ack({ receipt }));
        await inbox.atLeast(6);
        assert.deepEqual(inbox.bodies, ['0', '1', '2', '3', '4', '5']);
    });

    if (version !== '1.0')
        test(`STOMP ${version}: with ack:client-individual an ACK or NACK frees one place`, async t => {
            const room = freshRoom();
            const client = await connected(t);
            const inbox = await client.subscribe(room, { ack: 'client-individual', 'prefetch-count': '2' });
            for (let i = 0; i < 5; ++i) await client.send(room, `${i}`);
            await inbox.atLeast(2);
            inbox.all[1].ack();
            await inbox.atLeast(3);
            await sleep(200);
            assert.equal(inbox.all.length, 3, 'one place, one message');
            await client.receipt('NACK', receipt => inbox.all[0].nack({ receipt }));
            await inbox.atLeast(4);
            inbox.all[2].ack();
            await inbox.atLeast(5);
            assert.deepEqual(inbox.bodies, ['0', '1', '2', '3', '4']);
        });

    test(`STOMP ${version}: what is in a transaction comes at its COMMIT, or never`, async t => {
        const room = freshRoom();
        const client = await connected(t);
        const inbox = await client.subscribe(room);
        const acked = freshRoom();
        const window = await client.subscribe(acked, { ack: 'client', 'prefetch-count': '1' });
        await client.send(acked, 'one');
        await client.send(acked, 'two');
        await window.atLeast(1);
        const kept = client.begin();
        const dropped = client.begin();
        await client.send(room, 'a', { transaction: kept.id });
        await client.send(room, 'never', { transaction: dropped.id });
        await client.send(room, 'b', { transaction: kept.id });
        await client.receipt('ACK', receipt => window.all[0].ack({ transaction: kept.id, receipt }));
        await client.send(room, 'outside');
        await inbox.atLeast(1);
        await sleep(100);
        assert.deepEqual(inbox.bodies, ['outside']);
        assert.deepEqual(window.bodies, ['one'], 'the ACK has not counted yet');
        dropped.abort();
        kept.commit();
        await inbox.atLeast(3);
        await window.atLeast(2);
        await client.send(room, 'last');
        await inbox.atLeast(4);
        assert.deepEqual(inbox.bodies, ['outside', 'a', 'b', 'last']);
    });
}

function contentTests(kit, where, secure) {
    for (const [name, to] of [['ws', where], ['wss', secure]])
        test(`unicode comes through ${name} in body, destination and user`, async t => {
            const room = `${freshRoom()}/Büro ☕ 🚀`;
            const user = 'Zoë 李 🦊';
            const text = 'ä — שלום — 你好 — 👩‍👩‍👧\r\n\tend';
            const client = await connect(t, kit, to, { login: user });
            const inbox = await client.subscribe(room);
            await client.send(room, text, { 'x-note': 'Grüße — 🚀' });
            const [message] = await inbox.atLeast(1);
            assert.equal(message.body, text);
            assert.equal(message.headers.user, user);
            assert.equal(message.headers.destination, room);
            assert.equal(message.headers['x-note'], 'Grüße — 🚀');
        });

    test('a body may be empty, and as large as the limit', async t => {
        const room = freshRoom();
        const client = await connect(t, kit, where);
        const inbox = await client.subscribe(room);
        const texts = ['', 'x'.repeat(limit), 'ä'.repeat(limit / 2), '你'.repeat(limit / 3)];
        for (const text of texts) await client.send(room, text);
        await inbox.atLeast(texts.length);
        inbox.bodies.forEach((body, i) => assert.ok(body === texts[i], `text ${i}: ${body.length} instead of ${texts[i].length}`));
    });

    test('a larger one is an ERROR that names the limit, and the end', async t => {
        const client = await connect(t, kit, where);
        client.publish(freshRoom(), 'x'.repeat(limit + 1));
        const [error] = await client.errors.atLeast(1, 'ERROR');
        assert.match(error.headers.message + error.body, /1048576/);
        const [close] = await client.closes.atLeast(1, 'close');
        assert.equal(close.code, 1009);
    });

    test('all subscribers see the messages of all senders in one order', async t => {
        const room = freshRoom();
        const clients = [await connect(t, kit, where), await connect(t, kit, where), await connect(t, kit, where)];
        const inboxes = [];
        for (const client of clients) inboxes.push(await client.subscribe(room));
        for (let i = 0; i < 100; ++i) clients.forEach((client, sender) => client.publish(room, `${sender}:${i}`));
        for (const inbox of inboxes) await inbox.atLeast(300);
        assert.deepEqual(inboxes[1].bodies, inboxes[0].bodies);
        assert.deepEqual(inboxes[2].bodies, inboxes[0].bodies);
        for (const sender of [0, 1, 2]) {
            const own = inboxes[0].bodies.filter(body => body.startsWith(`${sender}:`));
            assert.deepEqual(own, Array.from({ length: 100 }, (_, i) => `${sender}:${i}`));
        }
    });

    test('an application answers the sender', async t => {
        const client = await connect(t, kit, where);
        const replies = await client.subscribe('/session/queue/replies');
        await client.send('/app/echo', 'héllo', { 'correlation-id': 'c-1' });
        const [reply] = await replies.atLeast(1);
        assert.equal(reply.body, 'héllo');
        assert.equal(reply.headers['correlation-id'], 'c-1');
    });
}

function lifeTests(kit, where) {
    test(`heart-beats keep a quiet connection alive for ${beats / 1000} s`, async t => {
        const client = kit.make(t, where, { heartBeat: [1000, 1000] });
        assert.equal((await client.connected)['heart-beat'], '1000,1000');
        let came = 0;
        client.socket.on('message', data => (came += data.length === 1));
        const room = freshRoom();
        const inbox = await client.subscribe(room);
        await sleep(beats);
        assert.equal(client.closes.all.length, 0);
        assert.ok(came >= beats / 1000 - 3, `${came} heart-beats came`);
        await client.send(room, 'still there');
        await inbox.atLeast(1);
    });

    test('a client that falls silent is told so and let go', async t => {
        const client = await connect(t, kit, where, { heartBeat: [1000, 0] });
        const begin = Date.now();
        client.socket.send = () => {};
        await client.errors.atLeast(1, 'ERROR');
        await client.closes.atLeast(1, 'close');
        const silence = Date.now() - begin;
        assert.ok(silence > 1500 && silence < 8000, `after ${silence} ms`);
    });

    test('the client gives up a node that hangs', async t => {
        const node = await ownServer(t);
        const client = await connect(t, kit, { url: node.url('ws') }, { heartBeat: [0, 1000] });
        const { socket } = client;
        node.pause();
        await until(() => socket.readyState !== socket.OPEN, 8000, 'end of the connection');
        socket.terminate(); // the closing handshake is answered by nobody
    });

    test('a node that stops in order says so', async t => {
        const node = await ownServer(t);
        const client = await connect(t, kit, { url: node.url('ws') });
        assert.equal(await node.stop(), 0);
        const [close] = await client.closes.atLeast(1, 'close');
        assert.equal(close.code, 1012);
    });
}

function refusalTests(kit, where) {
    test('a SEND to nowhere is an ERROR that names the SEND, and the end', async t => {
        const client = await connect(t, kit, where);
        client.publish('/nowhere/x', 'x', { receipt: 'r-1' });
        const [error] = await client.errors.atLeast(1, 'ERROR');
        assert.ok(error.headers.message);
        assert.equal(error.headers['receipt-id'], 'r-1');
        const [close] = await client.closes.atLeast(1, 'close');
        assert.equal(close.code, 1008);
    });

    test('a login that is refused is an ERROR, and the end', async t => {
        const client = kit.make(t, where, { login: 'anonymous-root' });
        await assert.rejects(client.connected, /refused/);
        assert.ok(client.errors.all[0].headers.message);
        await client.closes.atLeast(1, 'close');
    });
}

/// Runs everything at the same time, and with it `more`, the tests of this library alone: most of them wait.
export function suite(kit, { where, secure }, more = () => {}) {
    describe(kit.name, { concurrency: true }, () => {
        for (const version of kit.versions) versionTests(kit, where, version);
        contentTests(kit, where, secure);
        lifeTests(kit, where);
        refusalTests(kit, where);
        more();
    });
}
