// Boost Software License 1.0, see LICENSE

// Who is typing, over a destination that the reference server keeps nothing of.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Inbox, TestClient } from '../support/js/client.mjs';
import { Server } from '../support/js/server.mjs';
import { Link, offline, online, startClient } from './harness.mjs';

let server;
let rooms = 0;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0']);
});
after(async () => assert.equal(await server.stop(), 0));

/// A client of that name that tells and hears who is typing.
async function typist(t, login, destination, url = server.url('ws')) {
    const client = startClient(t, url, { login });
    const changes = new Inbox();
    const typing = client.typing(destination, users => changes.push(users.join()));
    await online(client);
    await client.send(`${destination}/barrier`, ''); // its subscription is live before this is answered
    return { client, changes, typing };
}

const freshPlace = () => `/topic/typing/room-${rooms++}`;

test('others hear who begins and who ends, and nobody hears of oneself', async t => {
    const place = freshPlace();
    const [ann, bob, cem] = await Promise.all(['Ann', 'Bob', 'Cem'].map(name => typist(t, name, place)));
    for (let i = 0; i < 10; ++i) ann.typing.type();
    bob.typing.type();
    await cem.changes.atLeast(2);
    assert.deepEqual(cem.typing.users.sort(), ['Ann', 'Bob']);
    ann.typing.done();
    await cem.changes.atLeast(3);
    assert.deepEqual(cem.typing.users, ['Bob']);
    await bob.changes.atLeast(2);
    assert.deepEqual(bob.changes.all, ['Ann', '']);
    assert.deepEqual(ann.changes.all, ['Bob']);
});

test('who is cut off knows of nobody, and nobody says anything without a connection', async t => {
    const place = freshPlace();
    const link = await Link.open(t, server.url('ws'));
    const [ann, bob] = [await typist(t, 'Ann', place), await typist(t, 'Bob', place, link.url)];
    ann.typing.type();
    await bob.changes.atLeast(1);
    link.cut();
    await offline(bob.client);
    assert.deepEqual(bob.changes.all, ['Ann', '']);
    assert.equal(bob.client.signal(place, 'typing'), false);
    assert.deepEqual(bob.client.outbox, []);
});

test('the server keeps nothing of it', async t => {
    const place = freshPlace();
    const ann = await typist(t, 'Ann', place);
    ann.typing.type();
    await ann.client.send(place, 'barrier');
    const late = await TestClient.connect(t, { url: server.url('ws') });
    const { headers } = await late.receipt('SUBSCRIBE', receipt => late.stomp.subscribe(place, () => {}, { history: '10', receipt }));
    assert.equal(headers.position, undefined);
    assert.equal(headers.history ?? '0', '0');
});
