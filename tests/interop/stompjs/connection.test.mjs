// Boost Software License 1.0, see LICENSE

// Heart-beats, reconnecting, versions, subprotocols and what is refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshRoom, Inbox, RawClient, sleep, TestClient, Versions } from '../../support/js/client.mjs';
import { Server } from '../../support/js/server.mjs';

let server;
let where;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0', '--connect-timeout', '1s', '--max-body', '8KiB']);
    where = { url: server.url('ws') };
});
after(async () => assert.equal(await server.stop(), 0));

test('heart-beats keep a quiet connection alive', async t => {
    const client = new TestClient(t, where, { heartbeatIncoming: 1000, heartbeatOutgoing: 1000 });
    let beats = 0;
    client.stomp.onHeartbeatReceived = () => beats++;
    const { headers } = await client.connected;
    assert.equal(headers['heart-beat'], '1000,1000');
    await sleep(4500);
    assert.equal(client.closes.all.length, 0);
    assert.ok(beats >= 3, `${beats} heart-beats came in 4.5 s`);
    await client.send(freshRoom(), 'still there');
});

test('a client that breaks its promise of heart-beats is let go', async t => {
    const raw = await RawClient.open(t, where, ['v12.stomp']);
    await raw.connect('accept-version:1.2\nheart-beat:1000,0');
    const begin = Date.now();
    await raw.frame('ERROR');
    await raw.closes.atLeast(1, 'close');
    const silence = Date.now() - begin;
    assert.ok(silence > 1500 && silence < 8000, `after ${silence} ms`);
});

test('a client that sends no CONNECT is let go', async t => {
    const raw = await RawClient.open(t, where);
    await raw.closes.atLeast(1, 'close');
});

test('stompjs reconnects to a node that was killed and started again', async t => {
    let node = await Server.start(['--listen', '127.0.0.1:0']);
    t.after(() => node.kill());
    const { host } = new URL(node.url('ws'));
    const room = freshRoom();
    const client = new TestClient(t, { url: node.url('ws') }, { reconnectDelay: 100 });
    const inbox = new Inbox();
    client.stomp.onConnect = frame => {
        client.stomp.subscribe(room, message => inbox.push(message));
        client.connects.push(frame);
    };
    await client.connected;
    await client.send(room, 'before');
    await inbox.atLeast(1); // its RECEIPT may come before it
    await node.kill();
    await client.closes.atLeast(1);
    node = await Server.start(['--listen', host]);
    await client.connects.atLeast(2, 'second CONNECTED');
    await client.send(room, 'after');
    await inbox.atLeast(2);
    assert.deepEqual(inbox.bodies, ['before', 'after']);
    assert.equal(await node.stop(), 0);
});

test('a node that stops in order tells its clients so', async t => {
    const node = await Server.start(['--listen', '127.0.0.1:0']);
    const client = await TestClient.connect(t, { url: node.url('ws') });
    assert.equal(await node.stop(), 0);
    const [close] = await client.closes.atLeast(1);
    assert.equal(close.code, 1012);
});

for (const version of ['1.0', '1.1', '1.2']) {
    test(`STOMP ${version} works on its own`, async t => {
        const room = freshRoom();
        const client = new TestClient(t, where, { stompVersions: new Versions([version]) });
        const { headers } = await client.connected;
        assert.equal(headers.version ?? '1.0', version);
        const inbox = await client.subscribe(room, { ack: 'client' });
        await client.send(room, 'text — 🚀', { headers: { 'x-plain': 'value' } });
        const [message] = await inbox.atLeast(1);
        assert.equal(message.body, 'text — 🚀');
        assert.equal(message.headers['x-plain'], 'value');
        assert.equal(message.headers.ack !== undefined, version === '1.2', '`ack` is a header of 1.2 alone');
        await client.receipt('ACK', receipt => message.ack({ receipt }));
        await client.receipt('UNSUBSCRIBE', receipt => inbox.subscription.unsubscribe({ receipt }));
        await client.stomp.deactivate();
        assert.equal(client.errors.all.length, 0);
    });
}

test('the newest version that both sides know is taken', async t => {
    for (const [offered, taken] of [['1.2,1.1,1.0', '1.2'], ['1.0,1.1', '1.1'], ['9.9, 1.1', '1.1'], ['1.0', undefined]]) {
        const raw = await RawClient.open(t, where);
        const { headers } = await raw.connect(`accept-version:${offered}`);
        if (taken) assert.equal(headers.version, taken);
    }
});

test('no common version is an ERROR that lists those spoken here', async t => {
    const raw = await RawClient.open(t, where);
    raw.send('CONNECT\naccept-version:2.0\n\n\0');
    const { headers } = await raw.frame('ERROR');
    for (const version of ['1.0', '1.1', '1.2']) assert.ok(headers.version.includes(version));
    await raw.closes.atLeast(1);
});

test('the newest subprotocol that was offered is answered, and none when none is known', async t => {
    const cases = [
        [['v10.stomp', 'v11.stomp', 'v12.stomp'], 'v12.stomp'],
        [['v11.stomp', 'v10.stomp'], 'v11.stomp'],
        [['v10.stomp'], 'v10.stomp'],
        [[], ''],
    ];
    for (const [offered, answered] of cases) {
        const raw = await RawClient.open(t, where, offered);
        assert.equal(raw.socket.protocol, answered, `offered ${offered}`);
        await raw.connect();
    }
});

test('frames may be cut and joined anywhere, with line feeds in between', async t => {
    const room = freshRoom();
    const raw = await RawClient.open(t, where, ['v12.stomp']);
    const stream = Buffer.from(
        `\nCONNECT\naccept-version:1.2\n\n\0\n\n` +
            `SUBSCRIBE\nid:1\ndestination:${room}\n\n\0SEND\ndestination:${room}\n\nüber\0\n` +
            `SEND\r\ndestination:${room}\r\n\r\nlines\0`,
    );
    for (let i = 0; i < stream.length; i += 7) raw.send(stream.subarray(i, i + 7), { binary: true });
    await raw.frame('CONNECTED');
    while (raw.frames.filter(frame => frame.command === 'MESSAGE').length < 2) await raw.messages.atLeast(raw.messages.all.length + 1);
    const bodies = raw.frames.filter(frame => frame.command === 'MESSAGE').map(frame => frame.body);
    assert.deepEqual(bodies, ['über', 'lines']);
    assert.ok(raw.messages.all.every(message => !message.isBinary), 'UTF-8 goes out as text');
});

const refused = {
    'a frame before CONNECT': 'SEND\ndestination:/topic/x\n\n\0',
    'an unknown command': 'CONNECT\naccept-version:1.2\n\n\0PUBLISH\n\n\0',
    'a second CONNECT': 'CONNECT\naccept-version:1.2\n\n\0CONNECT\naccept-version:1.2\n\n\0',
    'SEND without a destination': 'CONNECT\naccept-version:1.2\n\n\0SEND\nreceipt:r\n\nx\0',
    'SUBSCRIBE without an id': 'CONNECT\naccept-version:1.2\n\n\0SUBSCRIBE\ndestination:/topic/x\n\n\0',
    'a header without a colon': 'CONNECT\naccept-version:1.2\n\n\0SEND\nnonsense\n\n\0',
    'an undefined escape': 'CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/topic/x\\t\n\n\0',
    'a body that is too long': `CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/topic/x\ncontent-length:9000\n\n`,
    'an unknown kind of destination': 'CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/nowhere/x\n\n\0',
    'an unknown application': 'CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/app/nothing\n\n\0',
    'an ACK of nothing': 'CONNECT\naccept-version:1.2\n\n\0ACK\nid:7\n\n\0',
    'an unknown transaction': 'CONNECT\naccept-version:1.2\n\n\0COMMIT\ntransaction:7\n\n\0',
    'a login that looks anonymous': 'CONNECT\naccept-version:1.2\nlogin:anonymous-root\n\n\0',
};
for (const [what, octets] of Object.entries(refused)) {
    test(`${what} is an ERROR with a reason, then the connection is closed`, async t => {
        const raw = await RawClient.open(t, where, ['v12.stomp']);
        raw.send(octets);
        const { headers, body } = await raw.frame('ERROR');
        assert.ok(headers.message.length > 3);
        if (octets.includes('receipt:r')) assert.equal(headers['receipt-id'], 'r');
        const [close] = await raw.closes.atLeast(1, 'close');
        assert.ok([1002, 1008, 1009].includes(close.code), `close code ${close.code}`);
        assert.doesNotMatch(headers.message + body, /\.(hpp|cpp|ipp)|stompchat::|0x/, 'nothing of the inside gets out');
    });
}

test('stompjs is told why it was refused', async t => {
    const client = new TestClient(t, where, { connectHeaders: { login: 'anonymous-1' } });
    const { frame } = await client.refusal();
    assert.ok(frame.headers.message);
    assert.equal(client.connects.all.length, 0);
});
