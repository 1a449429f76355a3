// Boost Software License 1.0, see LICENSE

// Messages that outlive connections and servers: none is lost, and what becomes of each is told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshRoom, TestClient } from '../support/js/client.mjs';
import { Server } from '../support/js/server.mjs';
import { failure, follow, Link, numbers, offline, online, OutboxFullError, RefusedError, startClient, UnknownOutcomeError, until } from './harness.mjs';

let server;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0', '--max-body', '8KiB']);
});
after(async () => assert.equal(await server.stop(), 0));

const reader = t => startClient(t, server.url('ws'), { login: 'reader' });

test('a receipt resolves the promise with the id under which others see the message', async t => {
    const room = freshRoom();
    const seen = await follow(reader(t), room);
    const client = startClient(t, server.url('ws'), { login: 'ann' });
    const sending = client.send(room, 'text', { headers: { mood: 'good' } });
    assert.equal(client.outbox.length, 1);
    const { id, messageId } = await sending;
    assert.equal(id, sending.id);
    const [message] = await seen.messages.atLeast(1);
    assert.equal(message.headers['message-id'], messageId);
    assert.deepEqual([message.headers.mood, message.headers.user, message.body], ['good', 'ann', 'text']);
    assert.deepEqual(client.outbox, []);
});

test('what is said without a connection is sent when there is one', async t => {
    const room = freshRoom();
    const seen = await follow(reader(t), room);
    const link = await Link.open(t, server.url('ws'));
    const client = startClient(t, link.url, { login: 'ann' });
    await online(client);
    link.cut();
    await offline(client);
    const sent = numbers(0, 5).map(body => client.send(room, body));
    assert.deepEqual(client.outbox.map(({ state }) => state), Array(5).fill('queued'));
    client.retryNow();
    await Promise.all(sent);
    await seen.messages.atLeast(5);
    assert.deepEqual(seen.messages.bodies, numbers(0, 5));
});

test('nothing is lost when the server is killed and started again', async t => {
    let node = await Server.start(['--listen', '127.0.0.1:0']);
    t.after(() => node.kill());
    const { host } = new URL(node.url('ws'));
    const room = freshRoom();
    const client = startClient(t, node.url('ws'), { login: 'ann' });
    const seen = await follow(client, room);
    await client.send(room, 'before');
    await seen.messages.atLeast(1);
    node.pause();
    const meanwhile = numbers(0, 10).map(body => client.send(room, body));
    await node.kill();
    await offline(client);
    node = await Server.start(['--listen', host]);
    client.retryNow();
    await Promise.all(meanwhile);
    await seen.messages.atLeast(11);
    assert.deepEqual(seen.messages.bodies, ['before', ...numbers(0, 10)]);
});

test('an anonymous writer hears that the outcome is not known, and nothing is doubled', async t => {
    const room = freshRoom();
    const seen = await follow(reader(t), room);
    const link = await Link.open(t, server.url('ws'));
    const client = startClient(t, link.url);
    await online(client);
    link.muted = true;
    const sending = client.send(room, 'once');
    await seen.messages.atLeast(1);
    link.cut();
    await offline(client);
    link.muted = false;
    const queued = client.send(room, 'not yet sent');
    client.retryNow();
    assert.ok((await failure(sending)) instanceof UnknownOutcomeError);
    await queued;
    await seen.messages.atLeast(2);
    assert.deepEqual(seen.messages.bodies, ['once', 'not yet sent']);
});

test('a refused message fails alone', async t => {
    const room = freshRoom();
    const client = startClient(t, server.url('ws'), { login: 'ann' });
    const failed = [];
    client.on('failed', (entry, error) => failed.push([entry.id, error.code]));
    const seen = await follow(client, room);
    const refused = client.send('/nowhere/x', 'text');
    const error = await failure(refused);
    assert.ok(error instanceof RefusedError);
    assert.equal(error.code, 'unknown-destination');
    assert.deepEqual(failed, [[refused.id, 'unknown-destination']]);
    await client.send(room, 'text');
    assert.equal(seen.lives.all.length, 1, 'still the same connection');
    assert.deepEqual(client.outbox, []);
});

test('a full outbox says so', async t => {
    const link = await Link.open(t, server.url('ws'));
    const client = startClient(t, link.url, { login: 'ann', outbox: { limit: 2 } });
    await online(client);
    link.cut();
    await offline(client);
    const sent = ['1', '2'].map(body => client.send(freshRoom(), body));
    assert.throws(() => client.send(freshRoom(), '3'), OutboxFullError);
    client.retryNow();
    await Promise.all(sent);
    await client.send(freshRoom(), '3');
});

test('stop waits for the receipts of what was sent', async t => {
    const client = startClient(t, server.url('ws'), { login: 'ann' });
    await online(client);
    const sent = numbers(0, 50).map(body => client.send(freshRoom(), body));
    await client.stop();
    assert.deepEqual(client.outbox, []);
    await Promise.all(sent);
    const late = client.send(freshRoom(), 'late');
    assert.equal(client.outbox.length, 1);
    client.start();
    await late;
});

test('octets arrive as they are', async t => {
    const room = freshRoom();
    const other = await TestClient.connect(t, { url: server.url('ws') });
    const inbox = await other.subscribe(room);
    const octets = Uint8Array.of(0, 255, 10, 0, 128);
    await startClient(t, server.url('ws'), { login: 'ann' }).send(room, octets);
    const [message] = await inbox.atLeast(1);
    assert.deepEqual(message.binaryBody, octets);
});

test('a discarded message is not sent', async t => {
    const room = freshRoom();
    const seen = await follow(reader(t), room);
    const client = startClient(t, server.url('ws'), { login: 'ann' });
    const discarded = client.send(room, 'no');
    client.discard(discarded.id);
    await failure(discarded);
    await client.send(room, 'yes');
    await seen.messages.atLeast(1);
    assert.deepEqual(seen.messages.bodies, ['yes']);
});
