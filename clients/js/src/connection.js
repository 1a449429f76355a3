// Boost Software License 1.0, see LICENSE

// The way to one of several nodes: connects, and after a loss connects again, to another node first.
//
// Every attempt is a STOMP client of its own, so that nothing late of an old one can be taken for news of the present one.
import { Client } from '@stomp/stompjs';
import { delayBefore, shuffled, wishOf } from './backoff.js';

/// A connection that lasted that long was a good one: after it the delays are short again.
const steadyAfter = 10_000;
const patienceAtConnect = 10_000;
const patienceAtStop = 5000;

const reasonOf = frame => (frame.body || frame.headers.message || 'the server gave no reason').trim();

/** Calls `handlers`: state(state), opened(stomp, connected frame), error(frame), closed(close event), the last one only after opened. States:
    {name: 'connecting', url}, {name: 'online', url, user, session}, {name: 'waiting', retryAt, reason, refused}, {name: 'stopped'}. */
export class Connection {
    #options;
    #handlers;
    #urls;
    #next = 0; // of #urls
    #url = ''; // of the present attempt, or of the last one
    #attempt = 0;
    #stomp = null; // of the present attempt
    #onlineSince = 0;
    #timer = null; // until the next attempt, or the end of the present one
    #running = false;
    #onlineAgain = () => this.retryNow();

    constructor(options, handlers) {
        this.#options = options;
        this.#handlers = handlers;
        this.#urls = shuffled(options.urls, options.random);
    }

    start() {
        if (this.#running) return;
        this.#running = true;
        globalThis.addEventListener?.('online', this.#onlineAgain);
        void this.#connect();
    }

    /// Waits until the server has answered what was sent before, but not for long.
    async stop() {
        if (!this.#running) return;
        this.#running = false;
        clearTimeout(this.#timer);
        globalThis.removeEventListener?.('online', this.#onlineAgain);
        const stomp = this.#stomp;
        if (stomp) {
            const late = setTimeout(() => void stomp.deactivate({ force: true }), patienceAtStop);
            await stomp.deactivate();
            clearTimeout(late);
            if (this.#stomp === stomp) this.#stomp = null;
        }
        if (!this.#running) this.#handlers.state({ name: 'stopped' });
    }

    /// Does not wait any longer for the next attempt.
    retryNow() {
        if (this.#running && !this.#stomp) void this.#connect();
    }

    /// A connection stays where it is; the others come next.
    setUrls(urls) {
        if (urls.length === this.#urls.length && urls.every(url => this.#urls.includes(url))) return;
        const others = shuffled(
            urls.filter(url => url !== this.#url),
            this.#options.random,
        );
        const here = urls.includes(this.#url) ? [this.#url] : [];
        this.#urls = [...here, ...others];
        this.#next = here.length;
    }

    async #connect() {
        clearTimeout(this.#timer);
        const url = (this.#url = this.#urls[this.#next++ % this.#urls.length]);
        const stomp = new Client({
            brokerURL: url,
            reconnectDelay: 0,
            heartbeatIncoming: 10_000,
            // Browsers run the timers of hidden pages once a minute: a shorter promise could not be kept there.
            heartbeatOutgoing: 60_000,
            discardWebsocketOnCommFailure: true,
            ...this.#options.stomp,
            connectionTimeout: 0, // its timer would outlive an attempt that failed, and keep a process alive
        });
        this.#stomp = stomp;
        this.#handlers.state({ name: 'connecting', url });
        const { webSocket, headers } = this.#options;
        if (webSocket) stomp.webSocketFactory = () => webSocket(url, stomp.stompVersions.protocolVersions());
        const isCurrent = () => stomp === this.#stomp;
        let refused = '';
        stomp.onConnect = frame => {
            if (!isCurrent()) return;
            clearTimeout(this.#timer);
            this.#onlineSince = Date.now();
            const { session, 'user-name': user } = frame.headers;
            this.#handlers.state({ name: 'online', url, user: user ?? stomp.connectHeaders.login ?? '', session });
            if (isCurrent()) this.#handlers.opened(stomp, frame);
        };
        stomp.onStompError = frame => {
            if (!isCurrent()) return;
            if (this.#onlineSince) this.#handlers.error(frame);
            else refused = reasonOf(frame);
        };
        stomp.onWebSocketClose = event => isCurrent() && this.#closed(event, refused);
        try {
            stomp.connectHeaders = { 'soft-errors': 'true', ...(typeof headers === 'function' ? await headers() : headers) };
        } catch (error) {
            if (isCurrent() && this.#running) this.#closed({ reason: `no headers for CONNECT: ${error?.message ?? error}` }, '');
            return;
        }
        if (!isCurrent() || !this.#running) return;
        stomp.activate();
        const patience = this.#options.stomp?.connectionTimeout ?? patienceAtConnect;
        this.#timer = setTimeout(() => isCurrent() && stomp.forceDisconnect(), patience);
    }

    #closed(event, refused) {
        clearTimeout(this.#timer);
        const stomp = this.#stomp;
        const onlineSince = this.#onlineSince;
        this.#onlineSince = 0;
        if (onlineSince && Date.now() - onlineSince >= steadyAfter) this.#attempt = 0;
        if (this.#running) {
            this.#stomp = null;
            void stomp.deactivate({ force: true });
        }
        if (onlineSince) this.#handlers.closed(event);
        if (!this.#running || this.#stomp) return;
        const nodes = this.#urls.length;
        const delay = Math.max(delayBefore(this.#attempt++, nodes, this.#options.random), nodes > 1 ? 0 : wishOf(event.reason));
        this.#timer = setTimeout(() => void this.#connect(), delay);
        this.#handlers.state({ name: 'waiting', retryAt: Date.now() + delay, reason: refused || event.reason || '', refused: refused !== '' });
    }
}
