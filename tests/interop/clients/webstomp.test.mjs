// Boost Software License 1.0, see LICENSE

// webstomp-client 1.2.6.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshRoom, Inbox, socketTo, TestClient } from '../../support/js/client.mjs';
import { require } from '../../support/js/server.mjs';
import { CallbackClient, callbackTests } from './callback_client.mjs';
import { connect, start, suite } from './suite.mjs';

const webstomp = require('webstomp-client');
const shared = await start();
const { where } = shared;

/// It speaks the one version that the subprotocol names, and knows no other way to choose.
function make(t, to, { version = '1.2', heartBeat = [0, 0], binary = false, ...options } = {}) {
    const socket = socketTo(to, [`v${version.replace('.', '')}.stomp`]);
    socket.on('error', () => {}); // the close event tells it too
    const heartbeat = { outgoing: heartBeat[0], incoming: heartBeat[1] };
    const stomp = webstomp.over(socket, { debug: false, binary, heartbeat });
    return new CallbackClient(t, socket, stomp, (destination, body, headers) => stomp.send(destination, body, headers)).start(options);
}

const kit = { name: 'webstomp-client', versions: ['1.0', '1.1', '1.2'], make };

suite(kit, shared, () => {
    callbackTests(kit, shared);

    test('it may send all of its text in binary WebSocket messages, and cut it anywhere', async t => {
        const room = freshRoom();
        const client = await connect(t, kit, where, { binary: true });
        const inbox = await client.subscribe(room);
        const text = '🚀 你好 '.repeat(20_000);
        await client.send(room, text);
        const [message] = await inbox.atLeast(1);
        assert.ok(message.body === text);
    });

    test('it gets octets that are UTF-8, up to the first NUL', async t => {
        const room = freshRoom();
        const sender = await TestClient.connect(t, where);
        const client = await connect(t, kit, where);
        const inbox = await client.subscribe(room);
        await sender.send(room, new TextEncoder().encode('grün'), { headers: { 'content-type': 'application/octet-stream' } });
        await sender.send(room, 'cut\0off');
        await sender.send(room, 'whole');
        await inbox.atLeast(3);
        assert.deepEqual(inbox.bodies, ['grün', 'cut', 'whole']);
    });

    test('octets that are no UTF-8 make it throw, and the next message comes all the same', async t => {
        const room = freshRoom();
        const sender = await TestClient.connect(t, where);
        const client = await connect(t, kit, where);
        const inbox = await client.subscribe(room);
        const { onmessage } = client.socket;
        const thrown = new Inbox();
        client.socket.onmessage = event => {
            try {
                onmessage(event);
            } catch (error) {
                thrown.push(error);
            }
        };
        await sender.send(room, Uint8Array.of(0xff, 0xfe));
        await sender.send(room, 'whole');
        await inbox.atLeast(1);
        assert.deepEqual(inbox.bodies, ['whole']);
        assert.ok(thrown.all[0] instanceof URIError);
    });

    test('UNSUBSCRIBE may ask for a RECEIPT', async t => {
        const client = await connect(t, kit, where);
        const { unsubscribe } = client.stomp.subscribe(freshRoom(), () => {});
        await client.receipt('UNSUBSCRIBE', receipt => unsubscribe({ receipt }));
    });
});
