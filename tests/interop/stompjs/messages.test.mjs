// Boost Software License 1.0, see LICENSE

// Connecting, sending and receiving with stompjs, over ws and over wss.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freshRoom, TestClient } from '../../support/js/client.mjs';
import { makeCertificate, Server } from '../../support/js/server.mjs';

const { cert, key } = makeCertificate();

for (const scheme of ['ws', 'wss']) {
    describe(`over ${scheme}`, () => {
        let server;
        let where;
        before(async () => {
            server = await Server.start(
                ['--listen', '127.0.0.1:0', '--tls-listen', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', key],
                2,
            );
            where = { url: server.url(scheme), ca: cert };
        });
        after(async () => assert.equal(await server.stop(), 0));

        test('CONNECTED names version, session, server and user', async t => {
            const client = new TestClient(t, where, { connectHeaders: { login: 'ann' } });
            const { headers } = await client.connected;
            assert.equal(headers.version, '1.2');
            assert.match(headers.session, /^[A-Za-z0-9.-]+$/);
            assert.match(headers.server, /^stompchat\//);
            assert.equal(headers['user-name'], 'ann');
        });

        test('who gives no login is anonymous-<session>', async t => {
            const client = new TestClient(t, where);
            const { headers } = await client.connected;
            assert.equal(headers['user-name'], `anonymous-${headers.session}`);
        });

        test('a text reaches every subscriber, the sender included, with who wrote it and when', async t => {
            const room = freshRoom();
            const ann = await TestClient.connect(t, where, { connectHeaders: { login: 'ann' } });
            const bob = await TestClient.connect(t, where, { connectHeaders: { login: 'bob' } });
            const inboxes = [await ann.subscribe(room), await bob.subscribe(room)];
            const earliest = Date.now();
            await ann.send(room, 'Good morning!', { headers: { 'content-type': 'text/plain;charset=utf-8' } });
            const ids = new Set();
            for (const inbox of inboxes) {
                const [message] = await inbox.atLeast(1);
                assert.equal(message.body, 'Good morning!');
                assert.equal(message.headers.destination, room);
                assert.equal(message.headers.user, 'ann');
                assert.equal(message.headers['content-type'], 'text/plain;charset=utf-8');
                assert.equal(message.headers.subscription, inbox.subscription.id);
                const sent = Number(message.headers.timestamp);
                assert.ok(sent >= earliest - 1000 && sent <= Date.now() + 1000, `timestamp ${sent}`);
                ids.add(message.headers['message-id']);
            }
            assert.equal(ids.size, 1, 'one message has one id');
        });

        test('unicode in body, headers, destination and user comes through unharmed', async t => {
            const room = `${freshRoom()}/Büro ☕ 🚀`;
            const user = 'Zoë 李 🦊';
            const text = 'ä\u0000b — שלום — 你好 — 👩‍👩‍👧\r\nend';
            const client = await TestClient.connect(t, where, { connectHeaders: { login: user } });
            const inbox = await client.subscribe(room);
            const value = 'colon: backslash\\ line\nfeed\rreturn — 🚀';
            await client.send(room, text, { headers: { 'x-note': value } });
            const [message] = await inbox.atLeast(1);
            assert.equal(message.body, text);
            assert.equal(message.headers['x-note'], value);
            assert.equal(message.headers.user, user);
            assert.equal(message.headers.destination, room);
        });

        test('binary bodies come through octet by octet', async t => {
            const room = freshRoom();
            const client = await TestClient.connect(t, where);
            const inbox = await client.subscribe(room);
            const octets = Uint8Array.from({ length: 1024 }, (_, i) => i % 256);
            await client.send(room, octets, { headers: { 'content-type': 'application/octet-stream' } });
            await client.send(room, Uint8Array.of());
            const [full, empty] = await inbox.atLeast(2);
            assert.deepEqual(Uint8Array.from(full.binaryBody), octets);
            assert.equal(full.headers['content-length'], '1024');
            assert.equal(empty.binaryBody.length, 0);
        });

        test('large bodies, split frames and binary WebSocket messages are understood', async t => {
            const room = freshRoom();
            const plain = await TestClient.connect(t, where);
            const split = await TestClient.connect(t, where, { splitLargeFrames: true, maxWebSocketChunkSize: 1000 });
            const binary = await TestClient.connect(t, where, { forceBinaryWSFrames: true });
            const inbox = await plain.subscribe(room);
            const text = 'stomp '.repeat(40_000);
            await plain.send(room, text);
            await split.send(room, text);
            await binary.send(room, text);
            await inbox.atLeast(3);
            for (const body of inbox.bodies) assert.equal(body, text);
        });

        test('all subscribers see all messages in one order', async t => {
            const room = freshRoom();
            const clients = await Promise.all([1, 2, 3].map(() => TestClient.connect(t, where)));
            const inboxes = await Promise.all(clients.map(client => client.subscribe(room)));
            const each = 100;
            await Promise.all(
                clients.map((client, who) => Promise.all(Array.from({ length: each }, (_, i) => client.send(room, `${who}:${i}`)))),
            );
            for (const inbox of inboxes) await inbox.atLeast(3 * each);
            assert.deepEqual(inboxes[1].bodies, inboxes[0].bodies);
            assert.deepEqual(inboxes[2].bodies, inboxes[0].bodies);
            for (const who of [0, 1, 2]) {
                const own = inboxes[0].bodies.filter(body => body.startsWith(`${who}:`));
                assert.deepEqual(own, Array.from({ length: each }, (_, i) => `${who}:${i}`), 'each sender keeps its order');
            }
        });

        test('headers that the server stamps cannot be forged, others pass through', async t => {
            const room = freshRoom();
            const client = await TestClient.connect(t, where, { connectHeaders: { login: 'ann' } });
            const inbox = await client.subscribe(room);
            const forged = { user: 'root', timestamp: '1', 'message-id': 'x', subscription: 'y', ack: 'z', gap: 'true', position: 'p' };
            await client.send(room, 'x', { headers: { ...forged, 'x-colour': 'blue' } });
            const [{ headers }] = await inbox.atLeast(1);
            assert.equal(headers.user, 'ann');
            assert.notEqual(headers.timestamp, '1');
            assert.notEqual(headers['message-id'], 'x');
            assert.equal(headers.subscription, inbox.subscription.id);
            assert.equal(headers['x-colour'], 'blue');
            for (const name of ['ack', 'gap', 'position', 'receipt']) assert.equal(headers[name], undefined, name);
        });

        test('after UNSUBSCRIBE nothing more comes', async t => {
            const room = freshRoom();
            const client = await TestClient.connect(t, where);
            const left = await client.subscribe(room);
            const stays = await client.subscribe(room);
            await client.send(room, 'first');
            await left.atLeast(1);
            await client.receipt('UNSUBSCRIBE', receipt => left.subscription.unsubscribe({ receipt }));
            await client.send(room, 'second');
            await stays.atLeast(2);
            assert.deepEqual(left.bodies, ['first']);
        });
    });
}
