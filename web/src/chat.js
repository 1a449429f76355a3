// Boost Software License 1.0, see LICENSE

// The chat without its looks: rooms, what is sent and what arrives. Tells `changed(what, room)` when something is to be drawn anew: `rooms`,
// `entries`, `pending`, `state`.
import { Connection } from './connection.js';
import { Room } from './room.js';

const longestDestination = 255; // octets, the server's limit

/// A room's name as it can be used, or nothing.
export function roomName(text) {
    const name = text.replace(/[\u0000-\u001f\u007f]/g, '').trim();
    const octets = new TextEncoder().encode(`/topic/${name}`).length;
    return name && octets <= longestDestination ? name : null;
}

export class Chat {
    rooms = new Map();
    current = null;
    state = { name: 'connecting', details: {} };
    user = '';
    #users = new Set(); // who we have been: an anonymous user gets a new name with every connection
    #connection;
    #changed;
    // Ids of our messages begin with it. Another window of the same user has another one.
    #window = `m${crypto.getRandomValues(new Uint32Array(3)).join('-')}`;
    #counter = 0;

    constructor(url, name, { changed, loginRefused }) {
        this.#changed = changed;
        this.#connection = new Connection(url, name, {
            state: (state, details) => this.#onState(state, details),
            live: room => this.#onLive(room),
            message: (room, frame) => this.#onMessage(room, frame),
            sent: id => this.#mark(id, 'sent'),
            refused: (what, key, reason) => this.#onRefused(what, key, reason, loginRefused),
            lost: () => this.#onLost(),
        });
    }

    start() {
        this.#connection.start();
    }

    stop() {
        this.#connection.stop();
    }

    retryNow() {
        this.#connection.retryNow();
    }

    /// Joins a room if need be, and makes it the one that is looked at.
    open(name) {
        if (!this.rooms.has(name)) {
            this.rooms.set(name, new Room(name));
            this.#connection.join(name);
        }
        this.current = this.rooms.get(name);
        this.current.unread = 0;
        this.#changed('rooms', this.current);
    }

    leave(name) {
        this.#connection.leave(name);
        this.rooms.delete(name);
        if (this.current?.name === name) this.current = this.rooms.values().next().value ?? null;
        this.#changed('rooms', this.current);
    }

    /// Says something in the current room, now or as soon as the room can be reached.
    say(text) {
        const room = this.current;
        room.addPending(this.#newId(), text);
        this.#flush(room);
        this.#changed('pending', room);
    }

    again(id) {
        this.current.again(id, this.#newId());
        this.#flush(this.current);
        this.#changed('pending', this.current);
    }

    discard(id) {
        this.current.discard(id);
        this.#changed('pending', this.current);
    }

    /// How many messages of ours would be lost with the page.
    get unsaid() {
        return [...this.rooms.values()].reduce((sum, room) => sum + room.pending.filter(one => one.state === 'waiting').length, 0);
    }

    get unread() {
        return [...this.rooms.values()].reduce((sum, room) => sum + room.unread, 0);
    }

    /// The windows of one user show each other's messages as their own, too.
    isOwn(user) {
        return this.#users.has(user);
    }

    #newId() {
        return `${this.#window}-${this.#counter++}`;
    }

    #flush(room) {
        // Not before the room is live: else the message could pass by before the room shows anything.
        if (!room.live || !this.#connection.online) return;
        for (const one of room.pending) {
            if (one.state !== 'waiting') continue;
            one.state = 'sending';
            this.#connection.send(room.name, one.text, one.id);
        }
    }

    #mark(id, state, reason) {
        for (const room of this.rooms.values()) if (room.setState(id, state, reason)) this.#changed('pending', room);
    }

    #onState(name, details) {
        this.state = { name, details };
        if (name === 'online') {
            this.user = details.user;
            this.#users.add(details.user);
        }
        this.#changed('state', null);
    }

    #onLive(name) {
        const room = this.rooms.get(name);
        if (!room) return;
        if (room.everLive) room.addNotice('Connected again. Messages that others sent in the meantime may be missing here.');
        room.live = room.everLive = true;
        this.#flush(room);
        this.#changed('entries', room);
        this.#changed('pending', room);
    }

    #onMessage(name, frame) {
        const room = this.rooms.get(name);
        if (!room) return;
        const { headers } = frame;
        const user = headers.user ?? '';
        const isNew = room.addMessage({
            id: headers['message-id'],
            clientId: headers['client-id'],
            user,
            own: this.isOwn(user),
            time: Number(headers.timestamp) || Date.now(),
            text: frame.body,
        });
        if (!isNew) return;
        if (room !== this.current || document.hidden) room.unread++;
        this.#changed('entries', room);
        this.#changed('pending', room);
        if (room !== this.current) this.#changed('rooms', room);
    }

    #onRefused(what, key, reason, loginRefused) {
        if (what === 'login') {
            // Before the first success it is the name; later it may be the server's state, and is tried again.
            if (this.#users.size === 0) {
                this.stop();
                loginRefused(reason);
            }
        } else if (what === 'room') {
            this.#connection.leave(key);
            this.rooms.get(key)?.addNotice(`The server refused this room: ${reason}`);
            this.#changed('entries', this.rooms.get(key));
        } else {
            this.#mark(key, 'refused', reason);
            if (this.current && !key) {
                this.current.addNotice(`The server closed the connection: ${reason}`);
                this.#changed('entries', this.current);
            }
        }
    }

    #onLost() {
        for (const room of this.rooms.values()) {
            room.lost(this.user);
            this.#changed('entries', room);
            this.#changed('pending', room);
        }
    }
}
