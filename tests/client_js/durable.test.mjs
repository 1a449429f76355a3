// Boost Software License 1.0, see LICENSE

// Durable subscriptions through the client: they go on where the user was, and one session at a time has them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshRoom } from '../support/js/client.mjs';
import { Server } from '../support/js/server.mjs';
import { follow, Inbox, Link, offline, startClient } from './harness.mjs';

let server;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0']);
});
after(async () => assert.equal(await server.stop(), 0));

const start = (t, login, url = server.url('ws')) => startClient(t, url, { login });

/// Subscribes durably, acknowledges what comes.
async function read(client, room) {
    const bodies = new Inbox();
    const seen = await follow(client, room, {
        headers: { durable: 'phone', ack: 'client' },
        onMessage: message => {
            bodies.push(message);
            message.ack();
        },
    });
    return Object.assign(seen, { bodies });
}

test('a user who was away gets what was sent, in another session and after a broken link', async t => {
    const room = freshRoom();
    const writer = start(t, 'writer');
    const first = start(t, 'ann');
    const before = await read(first, room);
    assert.equal(before.lives.all[0].durable, 'new');
    await writer.send(room, '1');
    await before.bodies.atLeast(1);
    await first.stop();
    await writer.send(room, '2');
    const link = await Link.open(t, server.url('ws'));
    const second = start(t, 'ann', link.url);
    const later = await read(second, room);
    assert.equal(later.lives.all[0].durable, 'resumed');
    await later.bodies.atLeast(1);
    link.cut();
    await offline(second);
    await writer.send(room, '3');
    second.retryNow();
    await later.lives.atLeast(2);
    await later.bodies.atLeast(2);
    await second.stop();
    assert.deepEqual([before.bodies.bodies, [...new Set(later.bodies.bodies)]], [['1'], ['2', '3']]);
});

test('a session whose subscription is taken over hears so, keeps everything else and does not take it back', async t => {
    const room = freshRoom();
    const [first, second, writer] = [start(t, 'ann'), start(t, 'ann'), start(t, 'writer')];
    const other = await follow(first, freshRoom());
    const loser = await read(first, room);
    const winner = await read(second, room);
    const [error] = await loser.refusals.atLeast(1);
    assert.equal(error.code, 'taken-over');
    await writer.send(room, 'text');
    await winner.bodies.atLeast(1);
    await first.send(other.subscription.destination, 'still here');
    await other.messages.atLeast(1);
    assert.equal(other.lives.all.length, 1);
    assert.deepEqual([winner.refusals.all.length, loser.bodies.all.length], [0, 0]);
});

test('a durable subscription can be ended for good', async t => {
    const room = freshRoom();
    const [ann, writer] = [start(t, 'ann'), start(t, 'writer')];
    const first = await read(ann, room);
    first.subscription.unsubscribe({ forget: true });
    await writer.send(room, 'not for Ann');
    const second = await read(ann, room);
    assert.equal(second.lives.all[0].durable, 'new');
    await writer.send(room, 'for Ann');
    await second.bodies.atLeast(1);
    assert.deepEqual(second.bodies.bodies, ['for Ann']);
});
