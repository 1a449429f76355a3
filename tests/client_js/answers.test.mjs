// Boost Software License 1.0, see LICENSE

// Answers that a server gives rarely, from one that does what it is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatClient, follow, offline, online, startClient, until, webSocket } from './harness.mjs';
import { ScriptedServer } from './scripted_server.mjs';

test('a gap is told, and the token stays until the next message', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => {
        if (frame.command !== 'SUBSCRIBE') return;
        peer.receipt(frame, { position: 'p0' });
        peer.message('m1', frame);
        peer.message('s-1', frame, { gap: 'true' });
        peer.message('m5', frame);
    });
    const client = startClient(t, server.url, { login: 'ann' });
    const seen = await follow(client, '/topic/a');
    await seen.messages.atLeast(2);
    assert.deepEqual(seen.messages.bodies, ['m1', 'm5'], 'the gap is no message');
    assert.deepEqual(seen.gaps.all, [{ reason: 'lost', token: 'm1' }]);
    assert.equal(seen.subscription.token, 'm5');
    const [{ headers }] = server.of('SUBSCRIBE');
    assert.deepEqual([headers.history, headers['resume-after']], ['0', undefined], 'it asked to be told');
    assert.equal(server.of('CONNECT')[0].headers['soft-errors'], 'true');
});

test('history that overlaps with what was processed brings nothing twice', async t => {
    const server = await ScriptedServer.start(t, (frame, peer, connection) => {
        if (frame.command !== 'SUBSCRIBE') return;
        if (connection === 0) {
            peer.receipt(frame, { position: 'p0', history: '3', complete: 'true' });
            for (const id of ['m1', 'm2', 'm3']) peer.message(id, frame);
        } else {
            peer.receipt(frame, { position: 'm5', recovered: 'false', history: '4', complete: 'false' });
            for (const id of ['m2', 'm3', 'm4', 'm5', 'm6']) peer.message(id, frame);
        }
    });
    const client = startClient(t, server.url, { login: 'ann' });
    const seen = await follow(client, '/topic/a', { history: 4 });
    await seen.messages.atLeast(3);
    client.stomp.webSocket.terminate();
    await offline(client);
    client.retryNow();
    await seen.messages.atLeast(6);
    assert.deepEqual(seen.messages.bodies, ['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
    assert.deepEqual(seen.histories, [true, true, true, true, true, false]);
    assert.deepEqual(seen.gaps.all, [{ reason: 'not-recovered', token: 'm5' }]);
    assert.equal(server.of('SUBSCRIBE')[1].headers['resume-after'], 'm3');
    assert.equal(seen.subscription.token, 'm6');
});

test('a token of a message that is in no log is none', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => {
        if (frame.command !== 'SUBSCRIBE') return;
        peer.receipt(frame, { position: 'p0' });
        peer.message('s-7', frame);
    });
    const seen = await follow(startClient(t, server.url), '/topic/a');
    await seen.messages.atLeast(1);
    assert.equal(seen.subscription.token, 'p0');
});

test('what is unavailable is asked for again, by SEND and by SUBSCRIBE', async t => {
    const refused = new Set();
    const server = await ScriptedServer.start(t, (frame, peer) => {
        const { receipt, destination, 'idempotency-key': key } = frame.headers;
        if (receipt === undefined) return;
        if (refused.has(destination)) return peer.receipt(frame, { 'message-id': 'm1', position: 'p0' });
        refused.add(destination);
        peer.receipt(frame, { status: 'refused', code: 'unavailable', reason: key ? 'no registry' : 'no broker' });
    });
    const client = startClient(t, server.url, { login: 'ann' });
    const [{ messageId }, seen] = await Promise.all([client.send('/topic/a', 'text'), follow(client, '/topic/b')]);
    assert.equal(messageId, 'm1');
    const [first, second] = server.of('SEND');
    assert.ok(first.headers['idempotency-key']);
    assert.equal(first.headers['idempotency-key'], second.headers['idempotency-key'], 'it is the same message');
    assert.equal(seen.refusals.all.length, 0);
    assert.equal(server.of('CONNECT').length, 1);
});

test('a node that stops is left alone for as long as it asks', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => peer.close(1012, 'retry-after=30'));
    const client = startClient(t, server.url, { login: 'ann' });
    await online(client);
    const begin = Date.now();
    client.signal('/topic/a', 'x');
    await offline(client);
    assert.ok(client.state.retryAt >= begin + 30_000);
    assert.deepEqual([client.state.reason, client.state.refused], ['retry-after=30', false]);
});

test('an ERROR of a server that only stops does not make a message fail', async t => {
    const server = await ScriptedServer.start(t, (frame, peer, connection) => {
        if (connection > 0) return peer.receipt(frame, { 'message-id': 'm1' });
        peer.send('ERROR', { 'receipt-id': frame.headers.receipt, message: 'outcome unknown' });
        peer.close(1012, '');
    });
    const client = startClient(t, server.url, { login: 'ann' });
    const errors = [];
    client.on('error', error => errors.push(error.message));
    const sending = client.send('/topic/a', 'text');
    await offline(client);
    client.retryNow();
    assert.equal((await sending).messageId, 'm1');
    assert.deepEqual(errors, ['outcome unknown']);
});

test('a subscription for which a strict server ends the session is not asked for again', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => {
        if (frame.headers.destination === '/topic/good') return peer.receipt(frame, { position: 'p0' });
        peer.send('ERROR', { 'receipt-id': frame.headers.receipt }, 'not for you');
        peer.close(1008, '');
    });
    const client = startClient(t, server.url, { login: 'ann' });
    const good = await follow(client, '/topic/good');
    const refused = await new Promise(resolve => client.subscribe('/topic/bad', { onRefused: resolve }));
    assert.equal(refused.message, 'not for you');
    await offline(client);
    client.retryNow();
    await good.lives.atLeast(2);
    assert.equal(server.of('SUBSCRIBE').filter(({ headers }) => headers.destination === '/topic/bad').length, 1);
});

test('headers that cannot be had are told, and each attempt asks anew', async t => {
    let asked = 0;
    const server = await ScriptedServer.start(t, () => {});
    const client = startClient(t, server.url, {
        login: 'ann',
        headers: async () => {
            if (++asked === 1) throw new Error('no token');
            return { authorization: `Bearer ${asked}` };
        },
    });
    await offline(client);
    assert.match(client.state.reason, /no token/);
    client.retryNow();
    await online(client);
    const [{ headers }] = server.of('CONNECT');
    assert.deepEqual([headers.login, headers.authorization], ['ann', 'Bearer 2']);
});

test('a presence message that is missing makes the list be asked for anew', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => {
        if (frame.command !== 'SUBSCRIBE') return;
        const tell = event => peer.message('s-1', frame, {}, JSON.stringify(event));
        peer.receipt(frame);
        if (server.of('SUBSCRIBE').length === 1) {
            tell({ type: 'snapshot', version: 1, count: 1, users: ['ann'] });
            tell({ type: 'join', user: 'cem', version: 3, count: 3 });
            tell({ type: 'join', user: 'dora', version: 4, count: 4 });
        } else {
            tell({ type: 'snapshot', version: 4, count: 4, users: ['ann', 'bob', 'cem', 'dora'] });
        }
    });
    const client = startClient(t, server.url, { login: 'ann' });
    const changes = [];
    const presence = client.presence('a', (participants, { type, joined }) => {
        changes.push([type, joined]);
        if (participants.count === 4) void client.stop();
    });
    await until('the end', client, () => client.state.name === 'stopped' && changes.length > 0);
    assert.deepEqual(changes, [
        ['snapshot', ['ann']],
        ['snapshot', ['bob', 'cem', 'dora']],
        ['unavailable', []],
    ]);
    assert.deepEqual([...presence.participants.users], ['ann', 'bob', 'cem', 'dora']);
    assert.equal(server.of('UNSUBSCRIBE').length, 1);
    const [{ headers }] = server.of('SUBSCRIBE');
    assert.deepEqual([headers.destination, headers.history, headers['resume-after']], ['/presence/a', undefined, undefined]);
});

test('who unsubscribes before it is live hears no more of it', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => {
        if (frame.headers.destination === '/topic/gone') peer.receipt(frame, { status: 'refused', code: 'forbidden', reason: 'no' });
        else if (frame.command === 'SUBSCRIBE') peer.receipt(frame, { position: 'p0' });
    });
    const client = startClient(t, server.url, { login: 'ann' });
    await online(client);
    const heard = [];
    const options = { onLive: () => heard.push('live'), onRefused: () => heard.push('refused') };
    for (const destination of ['/topic/a', '/topic/gone']) client.subscribe(destination, options).unsubscribe();
    await follow(client, '/topic/b');
    assert.deepEqual(heard, []);
});

test('a new connection begins with the subscriptions, so that one sees what one says', async t => {
    const server = await ScriptedServer.start(t, (frame, peer, connection) => {
        if (connection > 0 && frame.headers.receipt) peer.receipt(frame, { position: 'p0', 'message-id': 'm1' });
    });
    const client = startClient(t, server.url, { login: 'ann' });
    await online(client);
    const sending = client.send('/topic/a', 'text');
    client.subscribe('/topic/a', {});
    client.stomp.webSocket.terminate();
    await offline(client);
    client.retryNow();
    await sending;
    assert.deepEqual(server.frames.slice(-2).map(({ command }) => command), ['SUBSCRIBE', 'SEND']);
});

test('what is said while the client stops is kept for later', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => frame.headers.receipt && peer.receipt(frame));
    const client = startClient(t, server.url, { login: 'ann' });
    await online(client);
    const stopping = client.stop();
    client.send('/topic/a', 'late');
    assert.equal(client.signal('/topic/a', 'x'), false);
    await stopping;
    assert.deepEqual(client.outbox.map(({ state }) => state), ['queued']);
    assert.deepEqual(server.of('SEND'), []);
});

test('a server may know a login under another name, and takes what was said before', async t => {
    const server = await ScriptedServer.start(t, (frame, peer) => peer.receipt(frame, { 'message-id': 'm1' }));
    server.userOf = login => `${login}@example.org`;
    const client = startClient(t, server.url, { login: 'ann' });
    assert.equal(client.user, 'ann');
    await client.send('/topic/a', 'said before the connection');
    assert.equal(client.user, 'ann@example.org');
    await client.send('/topic/a', 'said with it');
    assert.equal(server.of('SEND').length, 2);
});

test('a client that was never started keeps what it is given', async () => {
    const client = new ChatClient({ url: 'ws://127.0.0.1:1/ws', webSocket });
    void client.send('/topic/a', 'text');
    assert.equal(client.outbox.length, 1);
    assert.equal(client.signal('/topic/a', 'x'), false);
    assert.equal(client.state.name, 'stopped');
    await client.stop();
});
