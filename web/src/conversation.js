// Boost Software License 1.0, see LICENSE

// What the page knows of one room, or of the messages with one person: entries in the order of the server, and behind them its own messages
// that the server has not shown yet.
//
// A message of ours is `waiting` (not transmitted), `sending` (transmitted), `sent` (the server has it), and gone from here when it is
// shown. It is `unknown` when nobody can tell whether it arrived: only its writer decides whether it goes out again. `refused` ones stay with
// the server's reason.
import { addressOf } from './address.js';

const mostEntries = 500;

export class Conversation {
    kind; // 'room' or 'direct'
    name;
    entries = []; // {kind: 'message', id, key, user, own, time, text}, {kind: 'notice', time, text} or {kind: 'event', time, user, text}
    pending = []; // {id, text, state, reason}
    participants = null; // of a room, if the server tells them
    writers = []; // who else is writing
    draft = '';
    unread = 0;
    quietUntil = 0; // until then, who comes and goes is no news
    #shown = new Set();

    constructor({ kind, name }) {
        this.kind = kind;
        this.name = name;
    }

    get address() {
        return addressOf(this);
    }

    get title() {
        return `${this.kind === 'direct' ? '@' : '#'} ${this.name}`;
    }

    /// False if it was shown before. A server that forgot what it had may take a repeated message for another one: the key tells.
    addMessage(message) {
        const marks = marksOf(message);
        if (marks.some(mark => this.#shown.has(mark))) return false;
        for (const mark of marks) this.#shown.add(mark);
        if (message.own) this.discard(message.key);
        this.#append({ kind: 'message', ...message });
        return true;
    }

    /// Something that the reader must know.
    addNotice(text) {
        this.#append({ kind: 'notice', time: Date.now(), text });
    }

    /// Something that somebody did.
    addEvent(user, text) {
        this.#append({ kind: 'event', time: Date.now(), user, text });
    }

    addPending(id, text) {
        this.pending.push({ id, text, state: 'waiting', reason: '' });
    }

    /// Changes the state of a message of ours, if it is still here.
    setState(id, state, reason = '') {
        const found = this.pending.find(one => one.id === id);
        if (!found || (found.state === state && found.reason === reason)) return false;
        Object.assign(found, { state, reason });
        return true;
    }

    discard(id) {
        this.pending = this.pending.filter(one => one.id !== id);
    }

    /// The server will not show what it has confirmed, because it has forgotten it: it stands where it was said.
    keepSent(user) {
        for (const { id, text, state } of this.pending)
            if (state === 'sent') this.addMessage({ id, key: id, user, own: true, time: Date.now(), text });
    }

    #append(entry) {
        this.entries.push(entry);
        if (this.entries.length <= mostEntries) return;
        const [oldest] = this.entries.splice(0, 1);
        for (const mark of marksOf(oldest)) this.#shown.delete(mark);
    }
}

const marksOf = ({ kind, id, key, user }) => (kind === 'event' ? [] : [...(id ? [id] : []), ...(key ? [`${key} ${user}`] : [])]);
