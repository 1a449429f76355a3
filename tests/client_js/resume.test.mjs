// Boost Software License 1.0, see LICENSE

// Subscriptions that outlive connections: nothing is missing, nothing comes twice, and what is lost is told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshRoom, TestClient } from '../support/js/client.mjs';
import { Server } from '../support/js/server.mjs';
import { follow, Link, numbers, offline, online, startClient } from './harness.mjs';

let server;
let writer;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0']);
});
after(async () => assert.equal(await server.stop(), 0));

const writerOf = async t => (writer = await TestClient.connect(t, { url: server.url('ws') }, { connectHeaders: { login: 'writer' } }));
async function write(room, from, to) {
    const receipts = numbers(from, to).map(body => writer.send(room, body));
    await Promise.all(receipts);
}

test('a reader whose connection breaks again and again gets each message once and in order', async t => {
    await writerOf(t);
    const room = freshRoom();
    const link = await Link.open(t, server.url('ws'));
    const client = startClient(t, link.url, { login: 'reader' });
    const seen = await follow(client, room);
    for (let round = 0; round < 12; ++round) {
        const writing = write(room, round * 40, round * 40 + 40);
        await seen.messages.atLeast(round * 40 + (round * 7) % 40); // cut in the middle of it
        link.cut();
        client.retryNow();
        await offline(client);
        client.retryNow();
        await writing;
        await online(client);
    }
    await seen.messages.atLeast(480);
    assert.deepEqual(seen.messages.bodies, numbers(0, 480));
    assert.ok(seen.lives.all.slice(1).every(({ recovered }) => recovered === true));
    assert.equal(seen.gaps.all.length, 0);
});

test('a reader that has received nothing yet goes on where it subscribed', async t => {
    await writerOf(t);
    const room = freshRoom();
    await write(room, 0, 3);
    const link = await Link.open(t, server.url('ws'));
    const client = startClient(t, link.url, { login: 'reader' });
    const seen = await follow(client, room);
    assert.equal(seen.lives.all[0].recovered, null);
    link.cut();
    await offline(client);
    await write(room, 3, 6);
    client.retryNow();
    await seen.messages.atLeast(3);
    assert.deepEqual(seen.messages.bodies, numbers(3, 6));
});

test('history comes first, is told from what is new, and says whether it is complete', async t => {
    await writerOf(t);
    const room = freshRoom();
    await write(room, 0, 10);
    const client = startClient(t, server.url('ws'), { login: 'reader' });
    const few = await follow(client, room, { history: 4 });
    const all = await follow(client, room, { history: 100 });
    assert.deepEqual([few.lives.all[0].history, few.lives.all[0].complete], [4, false]);
    assert.deepEqual([all.lives.all[0].history, all.lives.all[0].complete], [10, true]);
    await write(room, 10, 12);
    await few.messages.atLeast(6);
    await all.messages.atLeast(12);
    assert.deepEqual(few.messages.bodies, numbers(6, 12));
    assert.deepEqual(few.histories, [true, true, true, true, false, false]);
    assert.deepEqual(all.messages.bodies, numbers(0, 12));
});

test('a token that is kept elsewhere goes on in another client', async t => {
    await writerOf(t);
    const room = freshRoom();
    const first = startClient(t, server.url('ws'), { login: 'reader' });
    const seen = await follow(first, room);
    await write(room, 0, 2);
    await seen.messages.atLeast(2);
    const { token } = seen.subscription;
    assert.equal(token, seen.messages.all[1].headers['message-id']);
    await first.stop();
    await write(room, 2, 5);
    const second = startClient(t, server.url('ws'), { login: 'reader' });
    const rest = await follow(second, room, { resumeAfter: token });
    assert.equal(rest.lives.all[0].recovered, true);
    await rest.messages.atLeast(3);
    assert.deepEqual(rest.messages.bodies, numbers(2, 5));
});

test('a token of another room is not taken, and the gap is told', async t => {
    await writerOf(t);
    const [room, other] = [freshRoom(), freshRoom()];
    const client = startClient(t, server.url('ws'), { login: 'reader' });
    const { subscription } = await follow(client, other);
    const seen = await follow(client, room, { resumeAfter: subscription.token });
    assert.equal(seen.lives.all[0].recovered, false);
    const [gap] = await seen.gaps.atLeast(1);
    assert.equal(gap.reason, 'not-recovered');
    await write(room, 0, 1);
    await seen.messages.atLeast(1);
});

test('a server that is started again has forgotten its messages, and the reader is told', async t => {
    let node = await Server.start(['--listen', '127.0.0.1:0']);
    t.after(() => node.kill());
    const { host } = new URL(node.url('ws'));
    const room = freshRoom();
    const client = startClient(t, node.url('ws'), { login: 'reader' });
    const seen = await follow(client, room, { history: 10 });
    await client.send(room, 'before');
    await seen.messages.atLeast(1);
    await node.kill();
    await offline(client);
    node = await Server.start(['--listen', host]);
    client.retryNow();
    const lives = await seen.lives.atLeast(2);
    assert.equal(lives[1].recovered, false);
    await seen.gaps.atLeast(1);
    await client.send(room, 'after');
    await seen.messages.atLeast(2);
    assert.deepEqual(seen.messages.bodies, ['before', 'after']);
    assert.equal(seen.gaps.all.length, 1);
});

test('a node that goes away leaves its clients to the others', async t => {
    const nodes = [await Server.start(['--listen', '127.0.0.1:0']), await Server.start(['--listen', '127.0.0.1:0'])];
    t.after(() => Promise.all(nodes.map(node => node.kill())));
    const urls = nodes.map(node => node.url('ws'));
    const client = startClient(t, urls, { login: 'reader' });
    await online(client);
    const used = urls.indexOf(client.state.url);
    const seen = await follow(client, freshRoom());
    await nodes[used].stop();
    await seen.lives.atLeast(2);
    assert.equal(client.state.url, urls[1 - used]);
});

test('a client that is told of other nodes stays where it is, and goes to one of them when that is lost', async t => {
    const [own, other] = [await Server.start(['--listen', '127.0.0.1:0']), await Server.start(['--listen', '127.0.0.1:0'])];
    t.after(() => Promise.all([own.kill(), other.kill()]));
    const client = startClient(t, own.url('ws'), { login: 'reader' });
    await online(client);
    client.setUrls([other.url('ws'), own.url('ws')]);
    assert.throws(() => client.setUrls([]), TypeError);
    const seen = await follow(client, freshRoom());
    assert.equal(client.state.url, own.url('ws'));
    const tried = [];
    client.on('state', ({ name, url }) => name === 'connecting' && tried.push(url));
    await own.kill();
    await seen.lives.atLeast(2);
    assert.deepEqual(tried, [other.url('ws')]);
});

test('a node that hangs is given up, and the next one is tried', async t => {
    const [hanging, other] = [await Server.start(['--listen', '127.0.0.1:0']), await Server.start(['--listen', '127.0.0.1:0'])];
    t.after(() => Promise.all([hanging.kill(), other.kill()]));
    hanging.pause();
    // Without randomness the order of two nodes is known: the second one is first.
    const client = startClient(t, [other.url('ws'), hanging.url('ws')], { stomp: { connectionTimeout: 300 } });
    const states = [];
    client.on('state', ({ name, url }) => name === 'connecting' && states.push(url));
    await online(client);
    assert.deepEqual(states, [other.url('ws')], 'the first attempt was under way already');
});

test('a refused subscription ends alone, and the session goes on', async t => {
    await writerOf(t);
    const room = freshRoom();
    const client = startClient(t, server.url('ws'), { login: 'reader' });
    const seen = await follow(client, room);
    const refused = new Promise(resolve => client.subscribe('/nowhere/x', { onRefused: resolve }));
    const { code, message } = await refused;
    assert.equal(code, 'unknown-destination');
    assert.match(message, /nowhere/);
    await write(room, 0, 1);
    await seen.messages.atLeast(1);
    assert.equal(seen.lives.all.length, 1, 'still the same connection');
});

test('a handler that throws loses no message and harms no other', async t => {
    await writerOf(t);
    const room = freshRoom();
    const link = await Link.open(t, server.url('ws'));
    const client = startClient(t, link.url, { login: 'reader' });
    const thrown = [];
    globalThis.reportError = error => thrown.push(error.message);
    t.after(() => delete globalThis.reportError);
    const bodies = [];
    await follow(client, room, {
        onMessage: ({ body }) => {
            bodies.push(body);
            throw new Error(body);
        },
    });
    const seen = await follow(client, room);
    await write(room, 0, 2);
    await seen.messages.atLeast(2);
    link.cut();
    await offline(client);
    await write(room, 2, 3);
    client.retryNow();
    await seen.messages.atLeast(3);
    await client.stop();
    assert.deepEqual(bodies, ['0', '1', '2']);
    assert.deepEqual(thrown, bodies);
});

test('nothing comes after unsubscribe, and a new subscription begins now', async t => {
    await writerOf(t);
    const room = freshRoom();
    const client = startClient(t, server.url('ws'), { login: 'reader' });
    const first = await follow(client, room);
    await write(room, 0, 1);
    await first.messages.atLeast(1);
    first.subscription.unsubscribe();
    await write(room, 1, 2);
    const second = await follow(client, room);
    await write(room, 2, 3);
    await second.messages.atLeast(1);
    assert.deepEqual(first.messages.bodies, ['0']);
    assert.deepEqual(second.messages.bodies, ['2']);
});

test('a refused login is told with its reason, and tried again', async t => {
    const client = startClient(t, server.url('ws'), { login: 'anonymous-boss' });
    await offline(client);
    assert.ok(client.state.refused);
    assert.match(client.state.reason, /login/);
    client.retryNow();
    await offline(client);
    assert.ok(client.state.refused);
});
