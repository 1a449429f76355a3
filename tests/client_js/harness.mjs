// Boost Software License 1.0, see LICENSE

// The installed @stompchat/client for tests, and a link to a server that can break.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Inbox, WebSocket } from '../support/js/client.mjs';
import { require, within } from '../support/js/server.mjs';

export { Inbox };
export const clientFolder = dirname(dirname(require.resolve('@stompchat/client')));
const module = await import(pathToFileURL(require.resolve('@stompchat/client')));
export const { ChatClient, OutboxFullError, Participants, RefusedError, UnknownOutcomeError, userDestination } = module;
export const internal = file => import(pathToFileURL(join(clientFolder, 'src', file)));

export const webSocket = (url, protocols) => new WebSocket(url, protocols);
export const patience = 20_000;

/// Waits until `condition` holds, asked anew at each event of `client`.
export function until(what, client, condition) {
    let off = [];
    const met = new Promise(resolve => {
        const check = () => condition() && resolve();
        off = ['state', 'outbox', 'sent', 'failed'].map(event => client.on(event, check));
        check();
    });
    return within(patience, what, met).finally(() => off.forEach(end => end()));
}

export const online = client => until('online', client, () => client.state.name === 'online');
export const offline = client => until('offline', client, () => client.state.name === 'waiting');
/// From `from` up to before `to`, as bodies.
export const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => String(from + i));
/// The error that a promise is rejected with.
export const failure = promise => promise.then(() => assert.fail('it should have failed'), error => error);

/// A client that is started, and stopped at the end of the test. It does not wait long before it connects again.
export function startClient(t, url, options = {}) {
    const client = new ChatClient({ [Array.isArray(url) ? 'urls' : 'url']: url, webSocket, random: () => 0, ...options });
    t.after(() => client.stop());
    client.start();
    return client;
}

/// Subscribes, and collects what comes: messages, lives, gaps and refusals, each an Inbox. Resolves when it is live.
export async function follow(client, destination, options = {}) {
    const seen = { messages: new Inbox(), histories: [], lives: new Inbox(), gaps: new Inbox(), refusals: new Inbox() };
    seen.subscription = client.subscribe(destination, {
        onMessage: (message, { history }) => {
            seen.histories.push(history);
            seen.messages.push(message);
        },
        onLive: info => seen.lives.push(info),
        onGap: info => seen.gaps.push(info),
        onRefused: error => seen.refusals.push(error),
        ...options,
    });
    await seen.lives.atLeast(1, `subscription of ${destination}`);
    return seen;
}

/// A storage like a browser's.
export class MemoryStorage {
    #items = new Map();

    get length() {
        return this.#items.size;
    }

    key(index) {
        return [...this.#items.keys()][index] ?? null;
    }

    getItem(key) {
        return this.#items.get(key) ?? null;
    }

    setItem(key, value) {
        this.#items.set(key, String(value));
    }

    removeItem(key) {
        this.#items.delete(key);
    }
}

/// Stands between clients and a server.
export class Link {
    /// What comes from the server goes no further: the server has what clients say, and they do not hear of it.
    muted = false;
    #pairs = new Set();
    #server;

    static async open(t, url) {
        const link = new Link();
        const { hostname, port, pathname } = new URL(url);
        link.#server = createServer(socket => link.#accept(socket, { host: hostname, port: Number(port) }));
        await new Promise(resolve => link.#server.listen(0, '127.0.0.1', resolve));
        link.url = `ws://127.0.0.1:${link.#server.address().port}${pathname}`;
        t.after(() => link.close());
        return link;
    }

    /// Breaks all connections, and lets none come back.
    close() {
        this.#server.close();
        this.cut();
    }

    /// Breaks all connections, as a network does: nobody says goodbye.
    cut() {
        for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    }

    #accept(inner, target) {
        const outer = connect(target);
        const pair = [inner, outer];
        this.#pairs.add(pair);
        for (const socket of pair) {
            socket.on('error', () => {});
            socket.on('close', () => {
                this.#pairs.delete(pair);
                for (const one of pair) one.destroy();
            });
        }
        inner.on('data', data => outer.write(data));
        outer.on('data', data => this.muted || inner.write(data));
    }
}
