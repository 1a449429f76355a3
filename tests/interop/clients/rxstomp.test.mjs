// Boost Software License 1.0, see LICENSE

// @stomp/rx-stomp 2: connections, messages and errors are observables, and it repairs them by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { freshRoom, Inbox, patience, socketTo, Versions } from '../../support/js/client.mjs';
import { require, within } from '../../support/js/server.mjs';
import { connect, ownServer, start, suite } from './suite.mjs';

// It is a module, which require() loads in newer versions of Node only.
const { RxStomp, RxStompRPC, RxStompState } = await import(pathToFileURL(require.resolve('@stomp/rx-stomp')));
const { firstValueFrom } = require('rxjs');
const shared = await start();
const { where } = shared;

let receipts = 0;

class RxClient {
    errors = new Inbox();
    closes = new Inbox();
    unhandled = new Inbox();
    #headers = new Inbox();

    constructor(t, to, { version, login, heartBeat = [0, 0], ...config } = {}) {
        this.rx = new RxStomp();
        this.rx.configure({
            webSocketFactory: () => {
                this.socket = socketTo(to, this.rx.stompClient.stompVersions.protocolVersions());
                this.socket.addEventListener('close', event => this.closes.push(event));
                return this.socket;
            },
            connectHeaders: login === undefined ? {} : { login },
            stompVersions: new Versions(version ? [version] : ['1.2', '1.1', '1.0']),
            heartbeatOutgoing: heartBeat[0],
            heartbeatIncoming: heartBeat[1],
            reconnectDelay: 0,
            ...config,
        });
        this.rx.serverHeaders$.subscribe(headers => this.#headers.push(headers));
        this.rx.stompErrors$.subscribe(frame => this.errors.push(frame));
        this.rx.unhandledMessage$.subscribe(message => this.unhandled.push(message));
        t.after(() => this.rx.deactivate({ force: true }));
        this.rx.activate();
    }

    get connected() {
        const outcome = new Promise((resolve, reject) => {
            this.#headers.whenFilled(1, () => resolve(this.#headers.all[0]));
            this.errors.whenFilled(1, () => reject(new Error(`refused: ${this.errors.all[0].headers.message}`)));
        });
        return within(patience, 'CONNECTED', outcome);
    }

    receipt(what, send) {
        const id = `test-${receipts++}`;
        const wait = this.rx.asyncReceipt(id);
        send(id);
        return within(patience, `RECEIPT of ${what}`, wait.then(frame => frame.headers));
    }

    async subscribe(destination, headers = {}) {
        const inbox = new Inbox();
        await this.receipt('SUBSCRIBE', receipt => {
            const watching = this.rx.watch(destination, { ...headers, receipt }).subscribe(message => inbox.push(message));
            inbox.leave = () => watching.unsubscribe();
        });
        return inbox;
    }

    publish(destination, body, headers = {}) {
        this.rx.publish({ destination, headers, ...(typeof body === 'string' ? { body } : { binaryBody: body }) });
    }

    send(destination, body, headers = {}) {
        return this.receipt('SEND', receipt => this.publish(destination, body, { ...headers, receipt }));
    }

    /// It has no transactions itself, but the client within does.
    begin() {
        return this.rx.stompClient.begin();
    }

    leave() {
        return this.rx.deactivate();
    }
}

const kit = { name: 'rx-stomp', versions: ['1.0', '1.1', '1.2'], make: (t, to, options) => new RxClient(t, to, options) };

suite(kit, shared, () => {
    test('binary bodies come through octet by octet, NUL included', async t => {
        const room = freshRoom();
        const client = await connect(t, kit, where);
        const inbox = await client.subscribe(room);
        const octets = Uint8Array.from({ length: 1024 }, (_, i) => i % 256);
        await client.send(room, octets, { 'content-type': 'application/octet-stream' });
        await client.send(room, 'a\0b');
        await inbox.atLeast(2);
        assert.deepEqual(Uint8Array.from(inbox.all[0].binaryBody), octets);
        assert.equal(inbox.all[1].body, 'a\0b');
    });

    test('it subscribes again by itself and sends what waited, when the node is back', async t => {
        const node = await ownServer(t);
        const room = freshRoom();
        const client = await connect(t, kit, { url: node.url('ws') }, { reconnectDelay: 100 });
        const inbox = await client.subscribe(room);
        await client.send(room, 'before');
        await inbox.atLeast(1);
        await node.kill();
        await client.closes.atLeast(1, 'close');
        assert.notEqual(client.rx.connectionState$.getValue(), RxStompState.OPEN);
        client.publish(room, 'while it was away');
        await ownServer(t, new URL(node.url('ws')).host);
        await within(patience, 'connection', firstValueFrom(client.rx.connected$));
        await client.send(room, 'after');
        await inbox.atLeast(3);
        assert.deepEqual(inbox.bodies, ['before', 'while it was away', 'after']);
    });

    test('an error can be told to the subscription that caused it', async t => {
        const client = await connect(t, kit, where, { correlateErrors: frame => frame.headers['receipt-id'] });
        const failed = new Promise(resolve => client.rx.watch('/nowhere/x', { receipt: '/nowhere/x' }).subscribe({ error: resolve }));
        const frame = await within(patience, 'error of the subscription', failed);
        assert.equal(frame.command, 'ERROR');
    });

    test('RxStompRPC asks an application, through /session/queue/...', async t => {
        const client = await connect(t, kit, where);
        const rpc = new RxStompRPC(client.rx, {
            replyQueueName: '/session/queue/rpc',
            setupReplyQueue: (name, rx) => rx.watch(name),
        });
        const questions = ['eins', 'zwei', 'drei'].map(body => firstValueFrom(rpc.rpc({ destination: '/app/echo', body })));
        const answers = await within(patience, 'answers', Promise.all(questions));
        assert.deepEqual(answers.map(message => message.body), ['eins', 'zwei', 'drei']);
    });
});
