// Boost Software License 1.0, see LICENSE

// Who is in a room, as the client knows it, is who is in the room.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshRoom, Inbox } from '../support/js/client.mjs';
import { Server } from '../support/js/server.mjs';
import { follow, Link, offline, online, startClient } from './harness.mjs';

const grace = 2000;
let server;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0', '--presence-grace', `${grace}ms`]);
});
after(async () => assert.equal(await server.stop(), 0));

const freshName = () => freshRoom().slice('/topic/'.length);
const start = (t, login, url = server.url('ws')) => startClient(t, url, { login });
const enter = (client, room) => follow(client, `/topic/${room}`);

/// Follows the participants of a room.
function watch(client, room) {
    const changes = new Inbox();
    const presence = client.presence(room, (participants, change) => changes.push({ ...change, count: participants.count }));
    const made = { changes, presence, of: type => changes.all.filter(change => change.type === type) };
    const who = () => [...(presence.participants.users ?? [])].sort();
    /// Waits until exactly these users are there.
    made.sees = async (...users) => {
        const there = () => presence.participants.available && who().join() === [...users].sort().join();
        for (let count = 0; !there(); count = changes.all.length) await changes.atLeast(count + 1, `${users} instead of ${who()}`);
        assert.equal(presence.participants.count, users.length);
    };
    return made;
}

test('a snapshot comes first, then joins and leaves', async t => {
    const room = freshName();
    const [ann, bob, watcher] = ['ann', 'bob', 'watcher'].map(name => start(t, name));
    const inRoom = await enter(ann, room);
    const seen = watch(watcher, room);
    await seen.sees('ann');
    const bobsPlace = await enter(bob, room);
    await seen.sees('ann', 'bob');
    inRoom.subscription.unsubscribe();
    await seen.sees('bob');
    bobsPlace.subscription.unsubscribe();
    await seen.sees();
    const [snapshot, ...rest] = seen.changes.all.filter(({ type }) => type !== 'unavailable');
    assert.deepEqual([snapshot.type, snapshot.joined], ['snapshot', ['ann']]);
    assert.deepEqual(rest, [
        { type: 'join', joined: ['bob'], left: [], count: 2 },
        { type: 'leave', joined: [], left: ['ann'], count: 1 },
        { type: 'leave', joined: [], left: ['bob'], count: 0 },
    ]);
});

test('a user with several sessions is there once, until the last one leaves', async t => {
    const room = freshName();
    const [one, other, bob] = [start(t, 'ann'), start(t, 'ann'), start(t, 'bob')];
    await enter(bob, room);
    const seen = watch(bob, room);
    const first = await enter(one, room);
    const second = await enter(other, room);
    await seen.sees('ann', 'bob');
    first.subscription.unsubscribe();
    await enter(start(t, 'barrier'), room);
    await seen.sees('ann', 'barrier', 'bob');
    second.subscription.unsubscribe();
    await seen.sees('barrier', 'bob');
    assert.equal(seen.of('join').filter(({ joined }) => joined[0] === 'ann').length, 1);
    assert.equal(seen.of('leave').length, 1);
});

test('who says goodbye has left at once, who loses the connection has some time to come back', async t => {
    const room = freshName();
    const [watcher, goer] = [start(t, 'watcher'), start(t, 'goer')];
    const link = await Link.open(t, server.url('ws'));
    const [loser, lost] = [start(t, 'loser', link.url), start(t, 'lost')];
    for (const client of [goer, loser, lost]) await enter(client, room);
    const seen = watch(watcher, room);
    await seen.sees('goer', 'loser', 'lost');
    link.cut();
    await offline(loser);
    await goer.stop();
    await seen.sees('loser', 'lost');
    loser.retryNow();
    await online(loser);
    await enter(start(t, 'barrier'), room);
    await seen.sees('barrier', 'loser', 'lost');
    assert.deepEqual(seen.of('leave').map(({ left }) => left[0]), ['goer'], 'who came back in time never left');
});

test('who does not come back has left in the end', async t => {
    const room = freshName();
    const watcher = start(t, 'watcher');
    const link = await Link.open(t, server.url('ws'));
    const loser = startClient(t, link.url, { login: 'loser', random: () => 1 });
    await enter(loser, room);
    const seen = watch(watcher, room);
    await seen.sees('loser');
    link.close();
    await seen.sees();
    assert.deepEqual(seen.of('leave').map(({ left }) => left), [['loser']]);
});

test('after a broken link the list is told anew, with what has changed', async t => {
    const room = freshName();
    const link = await Link.open(t, server.url('ws'));
    const [watcher, ann, bob] = [start(t, 'watcher', link.url), start(t, 'ann'), start(t, 'bob')];
    const first = await enter(ann, room);
    const seen = watch(watcher, room);
    await seen.sees('ann');
    link.cut();
    await offline(watcher);
    assert.equal(seen.presence.participants.available, false);
    assert.deepEqual([...seen.presence.participants.users], ['ann'], 'what was known last is kept');
    await enter(bob, room);
    first.subscription.unsubscribe();
    watcher.retryNow();
    await seen.sees('bob');
    const { type, joined, left } = seen.changes.all.at(-1);
    if (type === 'snapshot') assert.deepEqual([joined, left], [['bob'], ['ann']]);
});

test('after the server was started again the list has who came back', async t => {
    let node = await Server.start(['--listen', '127.0.0.1:0']);
    t.after(() => node.kill());
    const { host } = new URL(node.url('ws'));
    const room = freshName();
    const clients = ['watcher', 'ann', 'bob'].map(name => start(t, name, node.url('ws')));
    const [watcher, ann, bob] = clients;
    for (const client of [ann, bob]) await enter(client, room);
    const seen = watch(watcher, room);
    await seen.sees('ann', 'bob');
    await node.kill();
    await Promise.all(clients.map(offline));
    await bob.stop();
    node = await Server.start(['--listen', host]);
    ann.retryNow();
    await online(ann);
    watcher.retryNow();
    await seen.sees('ann');
});

test('however people come and go, everybody ends with the same list', async t => {
    const room = freshName();
    const watchers = [1, 2, 3].map(i => watch(start(t, `watcher ${i}`), room));
    const names = Array.from({ length: 12 }, (_, i) => `user ${i}`);
    const clients = names.map(name => start(t, name));
    await Promise.all(
        clients.map(async (client, i) => {
            for (let round = 0; round < 8; ++round) {
                const { subscription } = await enter(client, room);
                if (round < 7 || i % 3 === 0) subscription.unsubscribe();
            }
        }),
    );
    const staying = names.filter((_, i) => i % 3 !== 0);
    for (const seen of watchers) await seen.sees(...staying);
});

test('where there is no presence, the client hears so and everything else goes on', async t => {
    const client = start(t, 'ann');
    const { code } = await new Promise(resolve => client.presence('x'.repeat(300), () => {}, { onRefused: resolve }));
    assert.equal(code, 'limit');
    await enter(client, freshName());
});
