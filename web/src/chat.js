// Boost Software License 1.0, see LICENSE

// The chat without its looks: conversations, what is sent and what arrives. Tells `changed(what, conversation)` when something is to be drawn
// anew: `list`, `current`, `entries`, `pending`, `people`, `typing`, `state`, `nodes`.
import { ChatClient, RefusedError, userDestination } from '@stompchat/client';
import { addressOf } from './address.js';
import { Conversation } from './conversation.js';
import { Nodes } from './nodes.js';
import { windowStorage } from './storage.js';

const history = 50;
/// After a lost connection the others may come back, too: that is not announced.
const quietFor = 15_000;
const mostAnnounced = 50;
const longestDestination = 255;

const typingDestination = room => `/topic/typing/${room}`;

export class Chat {
    conversations = new Map(); // by address
    current = null;
    state = { name: 'connecting' };
    nodes = new Nodes(() => this.#onNodes());
    #client;
    #changed;
    #users = new Set(); // who we have been: an anonymous user gets a new name with every connection
    #open = new Map(); // address -> what is to be unsubscribed
    #typing = null; // in the current room

    constructor(url, name, { changed, loginRefused }) {
        this.#changed = changed;
        this.#client = new ChatClient({ url, login: name, outbox: { storage: windowStorage(), name } });
        this.#client.on('state', state => this.#onState(state, loginRefused));
        this.#client.on('outbox', () => this.#onOutbox());
        this.#client.on('sent', entry => this.#onSent(entry));
        this.#client.on('failed', (entry, error) => this.#onFailed(entry, error));
        this.#client.subscribe('/user/queue/chat', {
            history,
            onMessage: (message, info) => this.#onDirect(message, info),
            onGap: () => this.#onGap([...this.conversations.values()].filter(({ kind }) => kind === 'direct')),
        });
        for (const entry of this.#client.outbox) this.#adopt(entry);
    }

    get user() {
        return this.#client.user;
    }

    start() {
        this.#client.start();
    }

    stop() {
        this.nodes.away();
        void this.#client.stop();
    }

    retryNow() {
        this.#client.retryNow();
    }

    /// Makes a place the one that is looked at; joins the room if need be.
    open(place) {
        const conversation = this.#at(place);
        conversation.unread = 0;
        if (conversation === this.current) return this.#changed('list', conversation);
        this.current = conversation;
        this.#follow(conversation);
        this.#changed('list', conversation);
        this.#changed('current', conversation);
    }

    leave(conversation) {
        for (const one of this.#open.get(conversation.address) ?? []) one.unsubscribe();
        this.#open.delete(conversation.address);
        this.conversations.delete(conversation.address);
        this.#changed('list', conversation);
    }

    /// Says something in the current conversation, now or as soon as the server can be reached.
    say(text) {
        const { current } = this;
        const to = current.kind === 'direct' ? { to: encodeURIComponent(current.name) } : {};
        const destination = current.kind === 'direct' ? userDestination(current.name, 'chat') : `/topic/${current.name}`;
        const headers = { 'content-type': 'text/plain;charset=utf-8', ...to };
        try {
            const { id } = this.#client.send(destination, text, { headers });
            current.addPending(id, text);
            this.#onOutbox();
        } catch (error) {
            current.addNotice(`Not sent: ${error.message}.`);
            this.#changed('entries', current);
            return false;
        }
        this.#typing?.done();
        this.#changed('pending', current);
        return true;
    }

    again(id) {
        const { text } = this.current.pending.find(one => one.id === id);
        this.current.discard(id);
        this.say(text);
    }

    discard(id) {
        this.current.discard(id);
        this.#changed('pending', this.current);
    }

    /// A key was pressed in the current conversation.
    typed() {
        this.#typing?.type();
    }

    /// How many messages of ours would be lost with the window.
    get unsaid() {
        return this.#client.outbox.length;
    }

    get unread() {
        return [...this.conversations.values()].reduce((sum, { unread }) => sum + unread, 0);
    }

    /// Whether a person is in one of our rooms at present.
    isHere(user) {
        return [...this.conversations.values()].some(({ participants }) => participants?.available && participants.users?.has(user));
    }

    /// The windows of one user show each other's messages as their own, too.
    isOwn(user) {
        return user === this.user || this.#users.has(user);
    }

    #at(place) {
        const address = addressOf(place);
        if (!this.conversations.has(address)) {
            const conversation = new Conversation(place);
            this.conversations.set(address, conversation);
            if (place.kind === 'room') this.#open.set(address, this.#join(conversation));
            this.#changed('list', conversation);
        }
        return this.conversations.get(address);
    }

    #join(room) {
        const messages = this.#client.subscribe(`/topic/${room.name}`, {
            history,
            onMessage: (message, info) => this.#onMessage(room, message, info),
            onGap: () => this.#onGap([room]),
            onRefused: ({ message }) => {
                room.addNotice(`The server refused this room: ${message}`);
                this.#changed('entries', room);
            },
        });
        const presence = this.#client.presence(
            room.name,
            (participants, change) => {
                room.participants = participants;
                this.#announce(room, change);
                this.#changed('people', room);
            },
            // A server without presence, or not for this room: it has no list of people then.
            { onRefused: () => {} },
        );
        return [messages, presence];
    }

    #announce(room, { type, joined, left }) {
        if ((type !== 'join' && type !== 'leave') || Date.now() < room.quietUntil || room.participants.count > mostAnnounced) return;
        for (const user of joined) if (!this.isOwn(user)) room.addEvent(user, 'joined');
        for (const user of left) if (!this.isOwn(user)) room.addEvent(user, 'left');
        this.#changed('entries', room);
    }

    /// Tells who is writing in the room that is looked at, and only there.
    #follow(conversation) {
        this.#typing?.unsubscribe();
        this.#typing = null;
        const destination = typingDestination(conversation.name);
        if (conversation.kind !== 'room' || new TextEncoder().encode(destination).length > longestDestination) return;
        this.#typing = this.#client.typing(destination, users => {
            conversation.writers = users;
            this.#changed('typing', conversation);
        });
    }

    #onState(state, loginRefused) {
        this.state = state;
        if (state.name === 'online') {
            this.#users.add(state.user);
            this.nodes.at(state.url);
        } else {
            this.nodes.away();
        }
        // Before the first success it is the name; later it may be the server's state, and is tried again.
        if (state.name === 'waiting' && state.refused && this.#users.size === 0) {
            this.stop();
            return loginRefused(state.reason);
        }
        const lost = state.name === 'waiting' && this.#users.size > 0;
        if (lost) for (const one of this.conversations.values()) one.quietUntil = Date.now() + quietFor;
        this.#changed('state', null);
    }

    /// When the node of this window is gone, the window goes to another one.
    #onNodes() {
        this.#client.setUrls(this.nodes.urls);
        this.#changed('nodes', null);
    }

    #onMessage(conversation, { headers, body }, { history: old }) {
        const user = headers.user ?? '';
        const isNew = conversation.addMessage({
            id: headers['message-id'],
            key: headers['copy-of'] ?? headers['idempotency-key'],
            user,
            own: this.isOwn(user),
            time: Number(headers.timestamp) || Date.now(),
            text: body,
        });
        if (!isNew) return;
        if (!old && !this.isOwn(user) && (conversation !== this.current || document.hidden)) {
            conversation.unread++;
            this.#changed('list', conversation);
        }
        this.#changed('entries', conversation);
        this.#changed('pending', conversation);
    }

    /// Our queue has what others say to us, and copies of what our windows say to others.
    #onDirect(message, info) {
        const { user = '', to } = message.headers;
        const other = this.isOwn(user) && to ? decodeURIComponent(to) : user;
        if (other === '') return; // from the server itself, which nobody can answer
        this.#onMessage(this.#at({ kind: 'direct', name: other }), message, info);
    }

    /// Only the server says that something may be missing, and this is shown only then.
    #onGap(conversations) {
        for (const one of conversations) {
            one.keepSent(this.user);
            one.addNotice('Messages may be missing here: the server could not go on where this window was.');
            this.#changed('entries', one);
            this.#changed('pending', one);
        }
    }

    #onOutbox() {
        for (const { id, state } of this.#client.outbox) this.#mark(id, state === 'sent' ? 'sending' : 'waiting');
    }

    #onSent({ id, destination, body, headers }) {
        this.#mark(id, 'sent');
        if (!headers.to || headers['copy-of'] || destination === userDestination(this.user, 'chat')) return;
        // For our other windows, and for this one when it is loaded anew.
        this.#client.send(userDestination(this.user, 'chat'), body, { headers: { ...headers, 'copy-of': id } });
    }

    #onFailed({ id }, error) {
        if (error instanceof RefusedError) this.#mark(id, 'refused', error.message);
        else this.#mark(id, 'unknown');
    }

    #mark(id, state, reason) {
        for (const one of this.conversations.values()) if (one.setState(id, state, reason)) this.#changed('pending', one);
    }

    /// Something that the page before a reload left.
    #adopt({ id, destination, body, headers }) {
        if (headers['copy-of']) return;
        const place = headers.to ? { kind: 'direct', name: decodeURIComponent(headers.to) } : { kind: 'room', name: destination.slice('/topic/'.length) };
        this.#at(place).addPending(id, body);
    }
}
