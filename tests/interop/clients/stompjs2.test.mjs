// Boost Software License 1.0, see LICENSE

// stompjs 2.3.3, the old one that many programs still have: over `ws` as in a browser, and with Node's own overWS() and overTCP().
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshRoom, sleep, socketTo, TestClient } from '../../support/js/client.mjs';
import { require } from '../../support/js/server.mjs';
import { CallbackClient, callbackTests } from './callback_client.mjs';
import { connect, start, suite } from './suite.mjs';

const Stomp = require('stompjs');
const shared = await start();
const { server, where } = shared;

function wrap(t, stomp, { version = '1.1', heartBeat = [0, 0], ...options } = {}) {
    [stomp.heartbeat.outgoing, stomp.heartbeat.incoming] = heartBeat;
    // It always offers 1.1 and 1.0; this offers one of them.
    const transmit = stomp._transmit.bind(stomp);
    stomp._transmit = (command, headers, body) =>
        transmit(command, command === 'CONNECT' ? { ...headers, 'accept-version': version } : headers, body);
    return new CallbackClient(t, stomp.ws, stomp, (destination, body, headers) => stomp.send(destination, headers, body)).start(options);
}

function make(t, to, options) {
    const socket = socketTo(to, ['v10.stomp', 'v11.stomp']); // what Stomp.client() offers
    socket.on('error', () => {}); // the close event tells it too
    return wrap(t, Stomp.over(socket), options);
}

const kit = { name: 'stompjs 2', versions: ['1.0', '1.1'], make };

suite(kit, shared, () => {
    callbackTests(kit, shared);

    test('it offers 1.1 and 1.0, and speaks 1.1', async t => {
        const socket = socketTo(where, ['v10.stomp', 'v11.stomp']);
        t.after(() => socket.terminate());
        const stomp = Stomp.over(socket);
        const frame = await new Promise((resolve, reject) => stomp.connect('', '', resolve, reject));
        assert.equal(frame.headers.version, '1.1');
        assert.equal(socket.protocol, 'v11.stomp');
    });

    test('it gets octets that are no UTF-8 as one character for each, up to the first NUL', async t => {
        const room = freshRoom();
        const sender = await TestClient.connect(t, where);
        const client = await connect(t, kit, where);
        const inbox = await client.subscribe(room);
        const octets = Uint8Array.from({ length: 255 }, (_, i) => i + 1);
        await sender.send(room, octets, { headers: { 'content-type': 'application/octet-stream' } });
        await sender.send(room, 'cut\0off');
        await sender.send(room, 'whole');
        await inbox.atLeast(3);
        assert.deepEqual(Uint8Array.from(inbox.bodies[0], c => c.charCodeAt(0)), octets);
        assert.deepEqual(inbox.bodies.slice(1), ['cut', 'whole']);
    });

    const ways = {
        'overWS(), without a subprotocol': () => Stomp.overWS(where.url),
        'overTCP()': () => Stomp.overTCP('127.0.0.1', Number(new URL(server.url('tcp')).port)),
    };
    for (const [name, over] of Object.entries(ways))
        test(`${name}: text, acknowledgements, heart-beats and the end`, async t => {
            const room = freshRoom();
            const client = wrap(t, over(), { heartBeat: [1000, 1000], login: 'bob' });
            assert.equal((await client.connected).version, '1.1');
            const inbox = await client.subscribe(room, { ack: 'client-individual', 'prefetch-count': '1' });
            for (const text of ['eins — 🚀', 'zwei', 'drei']) await client.send(room, text);
            await inbox.atLeast(1);
            inbox.all[0].ack();
            await inbox.atLeast(2);
            inbox.all[1].nack();
            await inbox.atLeast(3);
            assert.deepEqual(inbox.bodies, ['eins — 🚀', 'zwei', 'drei']);
            await sleep(4000); // longer than silence is suffered
            await client.send(room, 'still there');
            client.publish('/nowhere/x', 'x', {});
            await client.errors.atLeast(1, 'ERROR');
            await client.closes.atLeast(1, 'close');
        });
});
