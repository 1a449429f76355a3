// Boost Software License 1.0, see LICENSE

// One subscription over many connections. Its token is the RECEIPT's `position`, then the id of the last message that was processed; each new
// connection goes on behind it.
import { RefusedError } from './errors.js';
import { callSafely } from './events.js';

const flag = value => (value === undefined ? null : value === 'true');
/// The log keeps these; others cannot be resumed.
const isLogged = destination => destination.startsWith('/topic/') || destination.startsWith('/user/queue/');

export class Subscription {
    destination;
    live = false;
    token;
    #options;
    #dropped; // called when it ends
    #session = null; // where it is open
    #id = '';
    #ended = false;
    #recent = []; // ids of what history could bring again

    constructor(destination, options, dropped) {
        this.destination = destination;
        this.#options = { resume: isLogged(destination), history: 0, ...options };
        this.token = options.resumeAfter;
        this.#dropped = dropped;
    }

    /// `forget`: a durable subscription ends for good, the server forgets its position.
    unsubscribe({ forget = false } = {}) {
        if (this.#ended) return;
        this.#end();
        this.#close(forget ? { durable: this.#options.headers?.durable } : {});
    }

    /// Subscribes anew on the same connection.
    renew() {
        const session = this.#session;
        if (!session) return;
        this.#close();
        this.open(session);
    }

    /// For the client: there is a connection.
    open(session) {
        const id = session.newId();
        const isOpen = () => session.isCurrent() && this.#id === id && !this.#ended;
        let historyLeft = 0;
        let repeated = new Set();
        this.#session = session;
        this.#id = id;
        session.stomp.watchForReceipt(id, ({ headers }) => {
            if (!isOpen()) return;
            if (headers.status === 'refused') return this.#refused(headers, session, isOpen);
            if (headers.recovered !== 'true') historyLeft = Number(headers.history ?? 0);
            repeated = new Set(this.#recent);
            this.#opened(headers);
        });
        const headers = { ...this.#options.headers, id, receipt: id };
        if (this.#options.resume) {
            if (this.token) headers['resume-after'] = this.token;
            // Even history:0 is needed: without it the server could not tell of a gap, and would end the session.
            headers.history = String(this.#options.history);
        }
        session.stomp.subscribe(
            this.destination,
            message => {
                if (!isOpen()) return;
                if (message.headers.gap === 'true') return callSafely(this.#options.onGap, { reason: 'lost', token: this.token });
                const history = historyLeft > 0 && historyLeft-- > 0;
                if (history && repeated.has(message.headers['message-id'])) return;
                this.#received(message, history);
            },
            headers,
        );
    }

    /// For the client: the connection is gone.
    lost() {
        this.live = false;
        this.#session = null;
        callSafely(this.#options.onLost);
    }

    /// For the client: the server will not have it.
    refused(error) {
        this.#end();
        callSafely(this.#options.onRefused, error);
    }

    /// For the client: whether it is the one with that id on the present connection, which is that of its receipt, too.
    has(id) {
        return this.#session !== null && this.#id === id;
    }

    #received(message, history) {
        const id = message.headers['message-id'];
        callSafely(this.#options.onMessage, message, { history });
        // A renewed or ended one has another beginning already.
        if (!this.#options.resume || id === undefined || id.startsWith('s-')) return;
        this.token = id;
        if (this.#options.history === 0) return;
        this.#recent.push(id);
        if (this.#recent.length > this.#options.history) this.#recent.shift();
    }

    #opened(headers) {
        const resumed = this.token !== undefined;
        const info = {
            recovered: flag(headers.recovered),
            history: headers.history === undefined ? null : Number(headers.history),
            complete: flag(headers.complete),
            position: headers.position ?? null,
            durable: headers.durable ?? null,
        };
        this.live = true;
        this.token = headers.position ?? this.token;
        callSafely(this.#options.onLive, info);
        if (resumed && info.recovered === false) callSafely(this.#options.onGap, { reason: 'not-recovered', token: this.token });
    }

    #refused({ code, reason }, session, isOpen) {
        if (code === 'unavailable') session.later(() => isOpen() && this.open(session));
        else this.refused(new RefusedError(code, reason));
    }

    #close(headers = {}) {
        if (this.#session?.isCurrent()) this.#session.stomp.unsubscribe(this.#id, headers);
        this.#session = null;
        this.live = false;
    }

    #end() {
        this.#ended = true;
        this.#dropped(this);
    }
}
