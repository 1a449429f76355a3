// Boost Software License 1.0, see LICENSE

// Messages that are sent again because their receipts were lost, over connections and pages: none comes twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshRoom } from '../support/js/client.mjs';
import { Server } from '../support/js/server.mjs';
import { failure, follow, Link, MemoryStorage, numbers, offline, online, RefusedError, startClient, until } from './harness.mjs';

let server;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0', '--max-body', '8KiB']);
});
after(async () => assert.equal(await server.stop(), 0));

const reader = t => startClient(t, server.url('ws'), { login: 'reader' });

test('a writer whose connection breaks again and again loses nothing, doubles nothing and keeps its order', async t => {
    const room = freshRoom();
    const seen = await follow(reader(t), room);
    const link = await Link.open(t, server.url('ws'));
    const client = startClient(t, link.url, { login: 'ann' });
    const own = await follow(client, room);
    const sent = [];
    for (let round = 0; round < 15; ++round) {
        await online(client);
        // In half of the rounds the server has the messages, and the writer does not hear of it.
        link.muted = round % 2 === 1;
        for (const body of numbers(round * 20, round * 20 + 20)) sent.push(client.send(room, body));
        if (link.muted) await seen.messages.atLeast(round * 20 + 20);
        else if (round % 4 === 2) await sent.at(-10);
        link.cut();
        await offline(client);
        link.muted = false;
        client.retryNow();
    }
    const receipts = await Promise.all(sent);
    await seen.messages.atLeast(300);
    await own.messages.atLeast(300);
    assert.deepEqual(seen.messages.bodies, numbers(0, 300));
    assert.deepEqual(own.messages.bodies, numbers(0, 300));
    assert.deepEqual(seen.messages.all.map(({ headers }) => headers['message-id']), receipts.map(({ messageId }) => messageId));
});

test('a page that is loaded anew sends what the one before it left', async t => {
    const room = freshRoom();
    const seen = await follow(reader(t), room);
    const storage = new MemoryStorage();
    const link = await Link.open(t, server.url('ws'));
    const old = startClient(t, link.url, { login: 'ann', outbox: { storage } });
    await online(old);
    link.muted = true;
    old.send(room, 'arrived, but unheard');
    await seen.messages.atLeast(1);
    link.cut();
    await offline(old);
    old.send(room, 'never left');
    await old.stop();

    const next = startClient(t, server.url('ws'), { login: 'ann', outbox: { storage } });
    assert.deepEqual(next.outbox.map(({ body }) => body), ['arrived, but unheard', 'never left']);
    await until('an empty outbox', next, () => next.outbox.length === 0);
    await next.send(room, 'barrier');
    await seen.messages.atLeast(3);
    assert.deepEqual(seen.messages.bodies, ['arrived, but unheard', 'never left', 'barrier']);
    assert.equal(storage.length, 0);
});

test('a message that ends the session is not sent again, the others are', async t => {
    const room = freshRoom();
    const client = startClient(t, server.url('ws'), { login: 'ann' });
    const seen = await follow(client, room);
    const [before, big, behind] = ['before', 'x'.repeat(9000), 'behind'].map(body => client.send(room, body));
    const error = await failure(big);
    assert.ok(error instanceof RefusedError);
    assert.match(error.message, /9000 octets, the limit is 8192/);
    client.retryNow();
    await Promise.all([before, behind]);
    await seen.messages.atLeast(2);
    assert.deepEqual(seen.messages.bodies, ['before', 'behind']);
});
