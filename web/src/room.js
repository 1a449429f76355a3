// Boost Software License 1.0, see LICENSE

// What the page knows of one room: messages in the order of the server, and behind them its own that the server has not shown yet.
//
// A message of ours is `waiting` (never transmitted), `sending` (transmitted), `sent` (the server has it), and gone from here when the room
// shows it. The connection may break in between: then it is `unknown`, because it may or may not have arrived, and only its writer decides
// whether it goes out again. `refused` ones stay with the server's reason.

const mostEntries = 500;

export class Room {
    name;
    entries = []; // {kind: 'message', id, user, own, time, text} or {kind: 'notice', time, text}
    pending = []; // {id, text, state, reason}
    draft = '';
    unread = 0;
    live = false;
    everLive = false;
    #shown = new Set();

    constructor(name) {
        this.name = name;
    }

    /// False if it was shown before.
    addMessage(message) {
        if (this.#shown.has(message.id)) return false;
        this.#shown.add(message.id);
        if (message.own) this.pending = this.pending.filter(one => one.id !== message.clientId);
        this.#append({ kind: 'message', ...message });
        return true;
    }

    addNotice(text) {
        this.#append({ kind: 'notice', time: Date.now(), text });
    }

    addPending(id, text) {
        this.pending.push({ id, text, state: 'waiting', reason: '' });
    }

    /// Changes the state of a message of ours, if it is still here.
    setState(id, state, reason = '') {
        const found = this.pending.find(one => one.id === id);
        if (found) Object.assign(found, { state, reason });
        return found !== undefined;
    }

    /// Goes out once more, under another id: the server may have the first one.
    again(id, newId) {
        const found = this.pending.find(one => one.id === id);
        if (found) Object.assign(found, { id: newId, state: 'waiting', reason: '' });
    }

    discard(id) {
        this.pending = this.pending.filter(one => one.id !== id);
    }

    /// The connection is gone. `user` is who we were.
    lost(user) {
        this.live = false;
        for (const one of this.pending.filter(p => p.state === 'sent'))
            this.addMessage({ id: one.id, clientId: one.id, user, own: true, time: Date.now(), text: one.text });
        for (const one of this.pending) if (one.state === 'sending') one.state = 'unknown';
    }

    #append(entry) {
        this.entries.push(entry);
        if (this.entries.length <= mostEntries) return;
        const [oldest] = this.entries.splice(0, 1);
        this.#shown.delete(oldest.id);
    }
}
