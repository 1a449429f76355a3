// Boost Software License 1.0, see LICENSE

// A stompjs client for tests: what it waits for is a promise with a time limit, and it does not outlive its test.
import { readFileSync } from 'node:fs';
import { require, within } from './server.mjs';

export const { Client, Versions, ReconnectionTimeMode } = require('@stomp/stompjs');
export const WebSocket = require('ws');
Object.assign(globalThis, { WebSocket }); // Node 18 has none of its own

export const patience = 10_000;

/// Where a test connects: {url, ca}, `ca` is the file of a certificate that is trusted besides.
export function socketTo({ url, ca }, protocols) {
    return new WebSocket(url, protocols, ca ? { ca: readFileSync(ca) } : {});
}

/// A list that one can wait for.
export class Inbox {
    all = [];
    #waiting = [];

    push(item) {
        this.all.push(item);
        this.#waiting = this.#waiting.filter(attempt => !attempt());
    }

    /// Calls back once, as soon as there are `count` items.
    whenFilled(count, then) {
        const attempt = () => this.all.length >= count && (then(), true);
        if (!attempt()) this.#waiting.push(attempt);
    }

    /// Waits until there are `count` items, and returns all there are.
    atLeast(count, what = `${count} messages`) {
        return within(patience, what, new Promise(resolve => this.whenFilled(count, () => resolve(this.all))));
    }

    get bodies() {
        return this.all.map(message => message.body);
    }
}

let receipts = 0;

export class TestClient {
    /// Connects to `where`. `options` are those of stompjs.
    static async connect(t, where, options = {}) {
        const client = new TestClient(t, where, options);
        await client.connected;
        return client;
    }

    errors = new Inbox(); // ERROR frames
    closes = new Inbox(); // close events
    connects = new Inbox(); // CONNECTED frames

    constructor(t, where, options = {}) {
        this.stomp = new Client({
            webSocketFactory: () => socketTo(where, this.stomp.stompVersions.protocolVersions()),
            reconnectDelay: 0,
            heartbeatIncoming: 0,
            heartbeatOutgoing: 0,
            ...options,
        });
        this.stomp.onConnect = frame => this.connects.push(frame);
        this.stomp.onStompError = frame => this.errors.push(frame);
        this.stomp.onWebSocketClose = event => this.closes.push(event);
        t.after(() => this.stomp.deactivate({ force: true }));
        this.stomp.activate();
    }

    /// The CONNECTED frame, or a rejection with what the server said instead.
    get connected() {
        const outcome = new Promise((resolve, reject) => {
            this.connects.whenFilled(1, () => resolve(this.connects.all[0]));
            this.errors.whenFilled(1, () => reject(new Error(`refused: ${this.errors.all[0].headers.message}`)));
        });
        return within(patience, 'CONNECTED', outcome);
    }

    /// Waits for the RECEIPT of what `send` sends with the receipt id that it is given.
    receipt(what, send) {
        const id = `test-${receipts++}`;
        const wait = new Promise(resolve => this.stomp.watchForReceipt(id, resolve));
        send(id);
        return within(patience, `RECEIPT of ${what}`, wait);
    }

    /// Subscribes and waits until the subscription is live. The Inbox gets its messages.
    async subscribe(destination, headers = {}) {
        const inbox = new Inbox();
        await this.receipt('SUBSCRIBE', receipt => {
            inbox.subscription = this.stomp.subscribe(destination, message => inbox.push(message), { ...headers, receipt });
        });
        return inbox;
    }

    /// Sends and waits for the RECEIPT, which it returns.
    send(destination, body, { headers = {}, ...rest } = {}) {
        const content = typeof body === 'string' ? { body } : { binaryBody: body };
        return this.receipt('SEND', receipt => this.stomp.publish({ destination, ...content, ...rest, headers: { ...headers, receipt } }));
    }

    /// Waits for the ERROR and the close that must follow it.
    async refusal() {
        const [frame] = await this.errors.atLeast(1, 'ERROR');
        const [close] = await this.closes.atLeast(1, 'close behind ERROR');
        return { frame, close };
    }
}

/// A WebSocket without a STOMP library, for what no library would send.
export class RawClient {
    static async open(t, where, protocols = []) {
        const client = new RawClient();
        client.socket = socketTo(where, protocols);
        t.after(() => client.socket.terminate());
        client.socket.on('message', (data, isBinary) => client.messages.push({ text: data.toString('utf8'), isBinary }));
        client.socket.on('close', (code, reason) => client.closes.push({ code, reason: reason.toString() }));
        await within(
            patience,
            'WebSocket handshake',
            new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject)),
        );
        return client;
    }

    messages = new Inbox();
    closes = new Inbox();

    send(text, options = {}) {
        this.socket.send(text, options);
    }

    /// Frames that came, without heart-beats: {command, headers, body}.
    get frames() {
        return this.messages.all
            .filter(({ text }) => text.trim() !== '')
            .map(({ text }) => {
                const end = text.indexOf('\n\n');
                const [command, ...lines] = text.slice(0, end).split('\n');
                const headers = Object.fromEntries(lines.reverse().map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
                return { command, headers, body: text.slice(end + 2, text.lastIndexOf('\0')) };
            });
    }

    /// Waits for a frame of that command.
    async frame(command) {
        for (let count = 0; ; count = this.messages.all.length) {
            const found = this.frames.find(frame => frame.command === command);
            if (found) return found;
            await this.messages.atLeast(count + 1, command);
        }
    }

    async connect(headers = 'accept-version:1.2') {
        this.send(`CONNECT\n${headers}\n\n\0`);
        return this.frame('CONNECTED');
    }
}

/// A destination that no other test uses.
let rooms = 0;
export const freshRoom = () => `/topic/test-${process.pid}-${rooms++}`;

export const sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
