// Boost Software License 1.0, see LICENSE

// What was said and has no receipt yet, oldest first. Each entry has a key of its own in the storage, so that windows which share one do not
// overwrite each other's; when both send what they find there, the server knows by the idempotency-key that it is the same.
import { OutboxFullError } from './errors.js';

/// The server knows a message again for ten minutes after its first transmission; some of them may pass on the way.
const repeatableFor = 9 * 60_000;

const isAnonymous = user => user.startsWith('anonymous-');
const fromStored = body => (typeof body === 'string' ? body : Uint8Array.from(body));

export class Outbox {
    #entries = new Map();
    #limit;
    #storage;
    #prefix;
    #now;
    #lastOrder = 0;
    #window = [...crypto.getRandomValues(new Uint32Array(3))].map(word => word.toString(36)).join('');

    /// `name` tells the users of one storage apart.
    constructor({ limit = 500, storage = null, name = '' } = {}, now = Date.now) {
        this.#limit = limit;
        this.#storage = storage;
        this.#prefix = `stompchat.outbox/${encodeURIComponent(name)}/`;
        this.#now = now;
        for (const entry of this.#stored()) this.#entries.set(entry.id, entry);
    }

    get entries() {
        return [...this.#entries.values()];
    }

    has(entry) {
        return this.#entries.has(entry.id);
    }

    /// Takes a message of `user`, or of someone not known yet. Throws OutboxFullError.
    add(destination, body, headers, user) {
        if (this.#entries.size >= this.#limit) throw new OutboxFullError(`${this.#limit} messages wait for their receipts`);
        const order = (this.#lastOrder = Math.max(this.#now(), this.#lastOrder + 1));
        const entry = { id: `${order.toString(36)}-${this.#window}`, order, destination, body, headers, user, firstSent: null, state: 'queued' };
        this.#entries.set(entry.id, entry);
        this.#store(entry);
        return entry;
    }

    /// Whether `user` may transmit the entry: 'send', 'unknown' when that could double it, 'other' when somebody else wrote it.
    verdict(entry, user) {
        if (entry.firstSent === null) return !entry.user || entry.user === user || isAnonymous(entry.user) ? 'send' : 'other';
        // The server knows repeats by user, and an anonymous one is another one in each session.
        return entry.user === user && this.#now() - entry.firstSent < repeatableFor ? 'send' : 'unknown';
    }

    /// To be called before it is transmitted: a reload in between must not take it for new.
    transmit(entry, user) {
        entry.state = 'sent';
        entry.user = user;
        entry.firstSent ??= this.#now();
        this.#store(entry);
    }

    remove(entry) {
        this.#entries.delete(entry.id);
        try {
            this.#storage?.removeItem(this.#prefix + entry.id);
        } catch {
            // A storage that is not there any more keeps nothing either.
        }
    }

    #store({ state, body, ...rest }) {
        try {
            this.#storage?.setItem(this.#prefix + rest.id, JSON.stringify({ ...rest, body: typeof body === 'string' ? body : [...body] }));
        } catch {
            // Full or forbidden: the entry lives as long as the page.
        }
    }

    #stored() {
        const found = [];
        try {
            for (let i = 0; i < (this.#storage?.length ?? 0); ++i) {
                const key = this.#storage.key(i);
                if (!key.startsWith(this.#prefix)) continue;
                const entry = JSON.parse(this.#storage.getItem(key));
                found.push({ ...entry, body: fromStored(entry.body), state: 'queued' });
            }
        } catch {
            // What cannot be read is not ours.
        }
        return found.sort((one, other) => one.order - other.order);
    }
}
