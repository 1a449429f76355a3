// Boost Software License 1.0, see LICENSE

// webstomp-client and the old stompjs have callbacks, no reconnecting and nearly the same interface; this wraps both for suite.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshRoom, Inbox, patience } from '../../support/js/client.mjs';
import { within } from '../../support/js/server.mjs';
import { connect, ownServer } from './suite.mjs';

let receipts = 0;

export class CallbackClient {
    connects = new Inbox(); // CONNECTED frames
    errors = new Inbox();
    closes = new Inbox();
    unhandled = new Inbox();
    #receipts = new Map();

    /// `stomp` is the library's client over `socket`; `send` calls its send(), whose arguments differ.
    constructor(t, socket, stomp, send) {
        Object.assign(this, { socket, stomp });
        this.publish = send;
        t.after(() => (socket.terminate ?? socket.close).call(socket));
        socket.addEventListener?.('close', event => this.closes.push(event)); // the old stompjs does not hand it on
        stomp.onreceive = message => this.unhandled.push(message);
        stomp.onreceipt = frame => this.#receipts.get(frame.headers['receipt-id'])?.(frame.headers);
    }

    /// Sends CONNECT when the socket is open.
    start({ login }) {
        // One callback has both: what the server says, and that the connection is gone.
        const failed = what => {
            if (what.command === 'ERROR') this.errors.push(what);
            else if (!this.socket.addEventListener) this.closes.push(what);
        };
        this.stomp.connect(login === undefined ? {} : { login, passcode: '' }, frame => this.connects.push(frame), failed);
        return this;
    }

    get connected() {
        const outcome = new Promise((resolve, reject) => {
            this.connects.whenFilled(1, () => resolve(this.connects.all[0].headers));
            this.errors.whenFilled(1, () => reject(new Error(`refused: ${this.errors.all[0].headers.message}`)));
            this.closes.whenFilled(1, () => reject(new Error('closed before CONNECTED')));
        });
        return within(patience, 'CONNECTED', outcome);
    }

    receipt(what, send) {
        const id = `test-${receipts++}`;
        const wait = new Promise(resolve => this.#receipts.set(id, resolve));
        send(id);
        return within(patience, `RECEIPT of ${what}`, wait);
    }

    async subscribe(destination, headers = {}) {
        const inbox = new Inbox();
        await this.receipt('SUBSCRIBE', receipt => {
            const id = `s-${receipts++}`;
            const { unsubscribe } = this.stomp.subscribe(destination, message => inbox.push(message), { ...headers, id, receipt });
            inbox.leave = () => unsubscribe();
        });
        return inbox;
    }

    send(destination, body, headers = {}) {
        return this.receipt('SEND', receipt => this.publish(destination, body, { ...headers, receipt }));
    }

    begin() {
        return this.stomp.begin(`t-${receipts++}`);
    }

    /// These clients close at once and wait for nothing, so this waits for nothing either.
    async leave() {
        this.stomp.disconnect();
    }
}

/// What an application with such a client has to do itself, and to know.
export function callbackTests(kit, { where }) {
    test('an application connects again to a node that was killed and started again', async t => {
        const node = await ownServer(t);
        const to = { url: node.url('ws') };
        const room = freshRoom();
        const client = await connect(t, kit, to);
        const before = await client.subscribe(room);
        await client.send(room, 'before');
        await before.atLeast(1);
        await node.kill();
        await client.closes.atLeast(1, 'close');
        await assert.rejects(connect(t, kit, to), /closed/);
        await ownServer(t, new URL(to.url).host);
        const next = await connect(t, kit, to);
        const after = await next.subscribe(room);
        await next.send(room, 'after');
        await after.atLeast(1);
        assert.deepEqual([...before.bodies, ...after.bodies], ['before', 'after']);
    });

    test('a cut inside of a surrogate pair is an ERROR, not a message with another text', async t => {
        const outcomes = [];
        const room = freshRoom();
        // One of both has a pair across the end of the first 16 Ki units. Its halves go out as two U+FFFD, which content-length contradicts.
        for (const pad of ['', 'x']) {
            const text = pad + '🚀'.repeat(10_000);
            const observer = await connect(t, kit, where);
            const inbox = await observer.subscribe(room);
            const client = await connect(t, kit, where);
            client.publish(room, text, {});
            const outcome = new Promise(resolve => {
                client.errors.whenFilled(1, () => resolve('refused'));
                inbox.whenFilled(1, () => resolve(inbox.bodies[0] === text ? 'unharmed' : 'changed'));
            });
            outcomes.push(await within(patience, 'ERROR or message', outcome));
        }
        assert.deepEqual(outcomes.sort(), ['refused', 'unharmed']);
    });

    test('what the client leaves unescaped is told apart or refused', async t => {
        const room = freshRoom();
        const client = await connect(t, kit, where, { version: '1.1' });
        const inbox = await client.subscribe(room);
        await client.send(room, 'x', { 'x-time': '12:30' });
        const [message] = await inbox.atLeast(1);
        // The colon came in raw and goes out escaped, as STOMP 1.1 wants it; this client does not undo that.
        assert.equal(message.headers['x-time'], '12\\c30');
        client.publish(room, 'x', { 'x-path': 'C:\\temp' });
        const [error] = await client.errors.atLeast(1, 'ERROR');
        assert.ok(error.headers.message);
        await client.closes.atLeast(1, 'close');
    });
}
