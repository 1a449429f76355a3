// Boost Software License 1.0, see LICENSE

// The chat on the page: draws what chat.js says has changed, and turns keys and clicks into calls of it.
import { roomName } from './chat.js';
import { element, entryElements, pendingElement, shownName } from './message_view.js';
import { drafts } from './storage.js';

const get = id => document.getElementById(id);
/// Whoever is that close to the end of the log follows it.
const nearEnd = 80; // pixels

export class View {
    #chat;
    #drawn = null; // the room that is drawn
    #drawnEntries = []; // its entries that are drawn, in order
    #ticking = null;
    #off = new AbortController();

    constructor(chat, { logout }) {
        this.#chat = chat;
        this.#on(get('composer-form'), 'submit', event => {
            event.preventDefault();
            this.#say();
        });
        this.#on(get('composer'), 'keydown', event => {
            // An Enter that ends the composition of a character is none of ours.
            if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
                event.preventDefault();
                this.#say();
            }
        });
        this.#on(get('composer'), 'input', () => this.#keepDraft());
        this.#on(get('join'), 'submit', event => {
            event.preventDefault();
            const name = roomName(get('room').value);
            if (!name) return get('room').focus();
            get('room').value = '';
            this.#go(name);
            get('composer').focus();
        });
        this.#on(get('leave-room'), 'click', () => {
            chat.leave(chat.current.name);
            this.#go(chat.current?.name ?? 'lobby');
            get('composer').focus();
        });
        this.#on(get('logout'), 'click', logout);
        this.#on(get('retry'), 'click', () => chat.retryNow());
        this.#on(get('jump'), 'click', () => {
            this.#toEnd();
            get('composer').focus();
        });
        this.#on(get('log'), 'scroll', () => this.#atEnd() && (get('jump').hidden = true));
        this.#on(get('skip'), 'click', event => {
            event.preventDefault(); // the part behind # names the room
            get('composer').focus();
        });
        this.#on(document, 'keydown', event => {
            if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
            event.preventDefault();
            const names = [...chat.rooms.keys()];
            const step = event.key === 'ArrowUp' ? names.length - 1 : 1;
            this.#go(names[(names.indexOf(chat.current.name) + step) % names.length]);
        });
        this.#on(document, 'visibilitychange', () => {
            if (document.hidden || !chat.current) return;
            chat.current.unread = 0;
            this.changed('rooms', chat.current);
        });
        this.#on(window, 'online', () => chat.retryNow());
        this.#on(window, 'resize', () => this.#fitComposer());
    }

    close() {
        this.#off.abort();
        clearInterval(this.#ticking);
        document.title = 'stompchat';
        get('entries').replaceChildren();
        get('pending').replaceChildren();
    }

    changed(what, room) {
        if (what === 'state') this.#drawState();
        if (what === 'rooms') this.#drawRooms();
        if (room && room !== this.#drawn && room === this.#chat.current) return this.#drawRoom(room);
        if (room !== this.#drawn) return;
        if (what === 'entries') this.#drawEntries();
        if (what === 'pending') this.#drawPending();
        this.#drawTitle();
    }

    #on(target, event, action) {
        target.addEventListener(event, action, { signal: this.#off.signal });
    }

    #go(name) {
        const hash = `#${encodeURIComponent(name)}`;
        if (location.hash === hash) this.#chat.open(name);
        else location.hash = hash;
    }

    #say() {
        const text = get('composer').value.trim();
        if (!text || !this.#chat.current) return;
        get('composer').value = '';
        this.#keepDraft();
        this.#chat.say(text);
        this.#toEnd();
    }

    #keepDraft() {
        const room = this.#chat.current;
        if (!room) return;
        room.draft = get('composer').value;
        const kept = drafts.get();
        if (room.draft) kept[room.name] = room.draft;
        else delete kept[room.name];
        drafts.set(kept);
        this.#fitComposer();
    }

    #fitComposer() {
        const { style } = get('composer');
        style.height = 'auto';
        style.height = `${get('composer').scrollHeight + 2}px`;
    }

    #atEnd() {
        const log = get('log');
        return log.scrollHeight - log.scrollTop - log.clientHeight < nearEnd;
    }

    #toEnd() {
        get('log').scrollTop = get('log').scrollHeight;
        get('jump').hidden = true;
    }

    #drawState() {
        const { name, details } = this.#chat.state;
        get('connection').dataset.state = name;
        get('retry').hidden = name !== 'waiting';
        clearInterval(this.#ticking);
        const text = get('connection-text');
        if (name === 'online') {
            text.textContent = 'Connected';
            get('me').textContent = shownName(this.#chat.user);
            get('me').title = this.#chat.user;
        } else if (name === 'connecting') {
            text.textContent = 'Connecting…';
        } else if (name === 'waiting') {
            // Said once; the seconds are for the eye, and not worth interrupting a screen reader.
            const seconds = element('span', 'seconds');
            seconds.ariaHidden = 'true';
            const tick = () => (seconds.textContent = ` in ${Math.max(0, Math.ceil((details.until - Date.now()) / 1000))} s`);
            tick();
            this.#ticking = setInterval(tick, 500);
            text.replaceChildren('Offline, next try', seconds);
        }
    }

    #drawRooms() {
        get('rooms').replaceChildren(
            ...[...this.#chat.rooms.values()].map(room => {
                const link = element('a', 'room-link');
                link.href = `#${encodeURIComponent(room.name)}`;
                const name = element('span', 'room-label', `# ${room.name}`);
                name.dir = 'auto';
                link.append(name);
                if (room === this.#chat.current) link.ariaCurrent = 'page';
                if (room.unread && room !== this.#chat.current) {
                    link.classList.add('unread');
                    const count = element('span', 'count', room.unread > 99 ? '99+' : `${room.unread}`);
                    count.append(element('span', 'unseen', ' unread'));
                    link.append(count);
                }
                const item = element('li');
                item.append(link);
                return item;
            }),
        );
        get('rooms').querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        this.#drawTitle();
    }

    #drawTitle() {
        const { unread, current } = this.#chat;
        document.title = `${unread ? `(${unread}) ` : ''}${current ? `#${current.name} · ` : ''}stompchat`;
    }

    #drawRoom(room) {
        this.#drawn = room;
        this.#drawnEntries = [];
        get('room-name').textContent = `# ${room.name}`;
        get('composer').value = room.draft || (room.draft = drafts.get()[room.name] ?? '');
        get('composer').placeholder = `Message #${room.name}`;
        const entries = get('entries');
        // What was there before is not news.
        entries.ariaLive = 'off';
        entries.replaceChildren();
        this.#drawEntries();
        this.#drawPending();
        this.#fitComposer();
        this.#toEnd();
        this.#drawTitle();
        requestAnimationFrame(() => (entries.ariaLive = 'polite'));
    }

    #drawEntries() {
        const follow = this.#atEnd();
        const { entries } = this.#drawn;
        // Entries are only appended, and the oldest are dropped.
        const firstKept = this.#drawnEntries.findIndex(one => one.entry === entries[0]);
        for (const dropped of this.#drawnEntries.splice(0, Math.max(firstKept, 0))) for (const one of dropped.elements) one.remove();
        let before = this.#drawnEntries.at(-1)?.entry;
        for (const entry of entries.slice(this.#drawnEntries.length)) {
            const elements = entryElements(entry, before);
            get('entries').append(...elements);
            this.#drawnEntries.push({ entry, elements });
            before = entry;
        }
        get('log').classList.toggle('empty', entries.length === 0 && this.#drawn.pending.length === 0);
        if (follow) this.#toEnd();
        else get('jump').hidden = false;
    }

    #drawPending() {
        const follow = this.#atEnd();
        get('pending').replaceChildren(
            ...this.#drawn.pending.map(entry =>
                pendingElement(entry, { again: id => this.#chat.again(id), discard: id => this.#chat.discard(id) }),
            ),
        );
        get('log').classList.toggle('empty', this.#drawn.entries.length === 0 && this.#drawn.pending.length === 0);
        if (follow) this.#toEnd();
    }
}
