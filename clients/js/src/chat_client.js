// Boost Software License 1.0, see LICENSE

// The client: subscriptions and an outbox that outlive connections.
import { Connection } from './connection.js';
import { RefusedError, UnknownOutcomeError } from './errors.js';
import { Events } from './events.js';
import { Outbox } from './outbox.js';
import { followParticipants } from './presence.js';
import { Subscription } from './subscription.js';
import { Typing } from './typing.js';

/// Close codes with which a server says whose fault it was: the client's.
const clientsFault = new Set([1002, 1003, 1007, 1008, 1009]);
/// Before what was refused as `unavailable` is tried again.
const unavailableFor = 2000;

/// Where `queue` of `user` gets its messages.
export const userDestination = (user, queue) => `/user/${encodeURIComponent(user)}/queue/${queue}`;

export class ChatClient {
    state = { name: 'stopped' };
    user = '';
    #connection;
    #outbox;
    #events = new Events();
    #subscriptions = new Set();
    #errors = null; // the subscription of what the server tells about others
    #session = null; // of the present connection: {stomp, isCurrent, newId, later, blame}
    #stopping = false;
    #confirmed = ''; // the user, as the server told: it may know a login under another name
    #outcomes = new Map(); // entry id -> {resolve, reject}
    #ids = 0;

    constructor({ url, urls = [url], login, passcode, headers, webSocket, outbox = {}, stomp, random } = {}) {
        const own = { ...(login && { login }), ...(passcode && { passcode }) };
        this.user = login ?? '';
        this.#outbox = new Outbox({ name: login, ...outbox });
        this.#connection = new Connection(
            { urls, webSocket, stomp, random, headers: async () => ({ ...own, ...(typeof headers === 'function' ? await headers() : headers) }) },
            {
                state: state => this.#changed(state),
                opened: (client, frame) => this.#opened(client, frame),
                error: frame => this.#error(frame),
                closed: event => this.#closed(event),
            },
        );
    }

    /// `state`, `outbox`, `sent`, `failed`, `error`: see index.d.ts. Returns a function that ends it.
    on(event, listener) {
        return this.#events.on(event, listener);
    }

    start() {
        this.#stopping = false;
        this.#connection.start();
    }

    /// Waits for the answers to what was sent. What has none then stays in the outbox.
    stop() {
        this.#stopping = true;
        return this.#connection.stop();
    }

    retryNow() {
        this.#connection.retryNow();
    }

    /// The nodes to choose from at the next loss. They must be one cluster.
    setUrls(urls) {
        if (urls.length === 0) throw new TypeError('no node to connect to');
        this.#connection.setUrls(urls);
    }

    get online() {
        return this.#session !== null && !this.#stopping;
    }

    /// The STOMP client of the present connection, for what this layer has no words for; or null.
    get stomp() {
        return this.#session?.stomp ?? null;
    }

    get outbox() {
        return this.#outbox.entries;
    }

    subscribe(destination, options = {}) {
        if (options.headers?.durable) this.#hearOfTakeOvers();
        const subscription = new Subscription(destination, options, ended => this.#subscriptions.delete(ended));
        this.#subscriptions.add(subscription);
        if (this.online) subscription.open(this.#session);
        return subscription;
    }

    /// Another session of the user can take a durable subscription over. Whoever took it back would lose it again, and so on for ever.
    #hearOfTakeOvers() {
        this.#errors ??= this.subscribe('/session/queue/errors', {
            onMessage: ({ headers: { code, reason, 'refused-subscription': id } }) => {
                for (const one of [...this.#subscriptions]) if (code === 'taken-over' && one.has(id)) one.refused(new RefusedError(code, reason));
            },
        });
    }

    presence(room, onChange, options) {
        return followParticipants((destination, rest) => this.subscribe(destination, rest), room, onChange, options);
    }

    typing(destination, onChange) {
        return new Typing(this, destination, onChange);
    }

    /// Says it now or as soon as there is a connection. The promise has the `id` of the entry in the outbox.
    send(destination, body, { headers = {} } = {}) {
        const entry = this.#outbox.add(destination, body, headers, this.#confirmed);
        const outcome = new Promise((resolve, reject) => this.#outcomes.set(entry.id, { resolve, reject }));
        outcome.catch(() => {}); // `failed` tells of it, too: nobody has to listen here
        if (this.online) this.#transmit(entry);
        this.#events.emit('outbox');
        return Object.assign(outcome, { id: entry.id });
    }

    sendToUser(user, queue, body, options) {
        return this.send(userDestination(user, queue), body, options);
    }

    /// Says it now or never. Returns whether it was transmitted.
    signal(destination, body, headers = {}) {
        if (!this.online) return false;
        const { stomp } = this.#session;
        const receipt = this.#session.newId();
        stomp.watchForReceipt(receipt, ({ headers: { status, code, reason } }) => {
            if (status === 'refused') this.#events.emit('error', new RefusedError(code, reason));
        });
        stomp.publish({ destination, body, headers: { ...headers, receipt } });
        return true;
    }

    /// Takes an entry out of the outbox. Whether it arrived is not known if it was transmitted.
    discard(id) {
        const entry = this.#outbox.entries.find(one => one.id === id);
        if (entry) this.#failed(entry, new UnknownOutcomeError('discarded'));
    }

    #changed(state) {
        this.state = state;
        if (state.name === 'online') this.user = this.#confirmed = state.user;
        this.#events.emit('state', state);
    }

    #opened(stomp) {
        const session = {
            stomp,
            blame: null, // {id, reason} of an ERROR
            isCurrent: () => session === this.#session,
            newId: () => `c${this.#ids++}`,
            later: action => setTimeout(() => session.isCurrent() && action(), unavailableFor),
        };
        this.#session = session;
        // First the subscriptions: what is said afterwards comes back through them.
        for (const subscription of [...this.#subscriptions]) subscription.open(session);
        this.#flush();
    }

    #flush() {
        for (const entry of this.#outbox.entries) if (this.online && entry.state === 'queued') this.#transmit(entry);
    }

    #transmit(entry) {
        const verdict = this.#outbox.verdict(entry, this.user);
        if (verdict === 'unknown') return this.#failed(entry, new UnknownOutcomeError('the connection broke before its receipt came'));
        if (verdict === 'other') return this.#failed(entry, new RefusedError('other-user', `written by ${entry.user}`));
        const session = this.#session;
        this.#outbox.transmit(entry, this.user);
        session.stomp.watchForReceipt(entry.id, frame => session.isCurrent() && this.#answered(entry, frame.headers));
        const content = typeof entry.body === 'string' ? { body: entry.body } : { binaryBody: entry.body };
        const headers = { ...entry.headers, receipt: entry.id, 'idempotency-key': entry.id };
        session.stomp.publish({ destination: entry.destination, ...content, headers });
        this.#events.emit('outbox');
    }

    #answered(entry, { status, code, reason, 'message-id': messageId = null }) {
        if (!this.#outbox.has(entry)) return;
        if (status === 'refused' && code === 'unavailable') {
            entry.state = 'queued';
            this.#session.later(() => this.#flush());
            this.#events.emit('outbox');
        } else if (status === 'refused') {
            this.#failed(entry, new RefusedError(code, reason));
        } else {
            this.#settle(entry, 'resolve', { id: entry.id, messageId });
            this.#events.emit('sent', entry, messageId);
        }
    }

    #failed(entry, error) {
        this.#settle(entry, 'reject', error);
        this.#events.emit('failed', entry, error);
    }

    #settle(entry, how, value) {
        this.#outbox.remove(entry);
        this.#outcomes.get(entry.id)?.[how](value);
        this.#outcomes.delete(entry.id);
        this.#events.emit('outbox');
    }

    /// The server ends the session. Whether that is the fault of the frame that the ERROR names, its close code will tell.
    #error(frame) {
        const reason = (frame.body || frame.headers.message || '').trim();
        this.#session.blame = { id: frame.headers['receipt-id'], reason };
        this.#events.emit('error', new Error(reason));
    }

    #closed(event) {
        const { blame } = this.#session;
        this.#session = null;
        for (const entry of this.#outbox.entries) entry.state = 'queued';
        if (blame && clientsFault.has(event.code)) {
            const error = new RefusedError('error', blame.reason);
            for (const subscription of [...this.#subscriptions]) if (subscription.has(blame.id)) subscription.refused(error);
            for (const entry of this.#outbox.entries) if (entry.id === blame.id) this.#failed(entry, error);
        }
        for (const subscription of [...this.#subscriptions]) subscription.lost();
        this.#events.emit('outbox');
    }
}
