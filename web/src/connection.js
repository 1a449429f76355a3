// Boost Software License 1.0, see LICENSE

// One user's way to a node: connects, subscribes to the rooms that are wanted, and comes back after a loss.
//
// Every attempt is a STOMP client of its own, so that nothing late of an old one can be taken for news of the present one. What was
// transmitted is never transmitted again by itself: without its receipt nobody knows whether it arrived.
import { Client } from '@stomp/stompjs';

const firstDelay = 1000;
const longestDelay = 30_000;
/// A connection that lasted that long was a good one: the next loss begins with short delays again.
const steadyAfter = 10_000;

/// Half of it is fixed, half is random: a node that went away is not hit by all its clients at once when it returns.
export function delayBefore(attempt, random = Math.random) {
    const full = Math.min(longestDelay, firstDelay * 2 ** attempt);
    return Math.round(full / 2 + (random() * full) / 2);
}

/// A node that stops tells in the reason of its close how many seconds to stay away.
function wishOf(closeEvent) {
    const found = /retry-after[:=\s]+(\d+)/.exec(closeEvent?.reason ?? '');
    return found ? Math.min(Number(found[1]) * 1000, 60_000) : 0;
}

function reasonOf(frame) {
    return (frame.body || frame.headers.message || 'The server gave no reason.').trim();
}

/** Calls its `handlers`: state(text, details), live(room), message(room, frame), sent(id), refused(what, key, reason), lost(). States are
    `connecting`, `online` ({user}), `waiting` ({until}), `stopped`. */
export class Connection {
    #url;
    #name;
    #handlers;
    #client = null;
    #subscriptions = new Map(); // room -> STOMP subscription, whose id is the receipt of its SUBSCRIBE too
    #rooms = new Set();
    #attempt = 0;
    #timer = null;
    #onlineSince = 0;
    #counter = 0;
    #stopped = false;

    constructor(url, name, handlers) {
        this.#url = url;
        this.#name = name;
        this.#handlers = handlers;
    }

    start() {
        this.#connect();
    }

    stop() {
        this.#stopped = true;
        clearTimeout(this.#timer);
        void this.#client?.deactivate();
        this.#handlers.state('stopped', {});
    }

    /// Does not wait any longer for the next attempt.
    retryNow() {
        if (!this.#client && !this.#stopped) this.#connect();
    }

    get online() {
        return this.#client?.connected ?? false;
    }

    join(room) {
        this.#rooms.add(room);
        if (this.online) this.#subscribe(room);
    }

    leave(room) {
        this.#rooms.delete(room);
        const subscription = this.#subscriptions.get(room);
        this.#subscriptions.delete(room);
        if (subscription && this.online) subscription.unsubscribe();
    }

    /// Transmits a message. `id` comes back in sent(id), or with refused('send', id, reason), and travels along as `client-id`.
    send(room, text, id) {
        const client = this.#client;
        client.watchForReceipt(id, () => client === this.#client && this.#handlers.sent(id));
        client.publish({
            destination: `/topic/${room}`,
            body: text,
            headers: { 'content-type': 'text/plain;charset=utf-8', receipt: id, 'client-id': id },
        });
    }

    #connect() {
        clearTimeout(this.#timer);
        this.#handlers.state('connecting', {});
        const client = new Client({
            brokerURL: this.#url,
            connectHeaders: this.#name ? { login: this.#name } : {},
            reconnectDelay: 0,
            connectionTimeout: 10_000,
            heartbeatIncoming: 10_000,
            // Browsers run the timers of hidden pages once a minute: a shorter promise could not be kept there.
            heartbeatOutgoing: 60_000,
            discardWebsocketOnCommFailure: true,
        });
        this.#client = client;
        let everOnline = false;
        const current = handle => (...args) => client === this.#client && handle(...args);
        client.onConnect = current(frame => {
            everOnline = true;
            this.#onlineSince = Date.now();
            this.#handlers.state('online', { user: frame.headers['user-name'] ?? this.#name });
            for (const room of this.#rooms) this.#subscribe(room);
        });
        client.onStompError = current(frame => {
            const receipt = frame.headers['receipt-id'] ?? '';
            const room = [...this.#rooms].find(one => receipt !== '' && receipt === this.#subscriptions.get(one)?.id);
            if (!everOnline) this.#handlers.refused('login', this.#name, reasonOf(frame));
            else if (room !== undefined) this.#handlers.refused('room', room, reasonOf(frame));
            else this.#handlers.refused('send', receipt, reasonOf(frame));
        });
        client.onWebSocketClose = current(event => {
            this.#client = null;
            this.#subscriptions.clear();
            void client.deactivate({ force: true });
            if (this.#stopped) return;
            if (everOnline) {
                if (Date.now() - this.#onlineSince >= steadyAfter) this.#attempt = 0;
                this.#handlers.lost();
            }
            const delay = Math.max(delayBefore(this.#attempt++), wishOf(event));
            this.#timer = setTimeout(() => this.#connect(), delay);
            this.#handlers.state('waiting', { until: Date.now() + delay });
        });
        client.activate();
    }

    #subscribe(room) {
        const client = this.#client;
        const id = `room-${this.#counter++}`;
        client.watchForReceipt(id, () => client === this.#client && this.#rooms.has(room) && this.#handlers.live(room));
        const subscription = client.subscribe(
            `/topic/${room}`,
            frame => client === this.#client && this.#rooms.has(room) && this.#handlers.message(room, frame),
            { id, receipt: id },
        );
        this.#subscriptions.set(room, subscription);
    }
}
