// Boost Software License 1.0, see LICENSE

// The chat on the page: draws what chat.js says has changed, and turns keys and clicks into calls of it.
import { addressOf, placeOf, roomAddress } from './address.js';
import { ComposerView } from './composer_view.js';
import { drawList } from './list_view.js';
import { LogView } from './log_view.js';
import { drawNodes } from './nodes_view.js';
import { PeopleView } from './people_view.js';
import { StateView } from './state_view.js';

const get = id => document.getElementById(id);

export class View {
    #chat;
    #drawn = null; // the conversation that is drawn
    #off = new AbortController();
    #log;
    #people;
    #composer;
    #state = new StateView();

    constructor(chat, { logout }) {
        this.#chat = chat;
        const on = (target, event, action) => target.addEventListener(event, action, { signal: this.#off.signal });
        this.#log = new LogView({ again: id => chat.again(id), discard: id => chat.discard(id) }, on);
        this.#people = new PeopleView(on);
        this.#composer = new ComposerView({ say: text => this.#say(text), typed: () => chat.typed() }, on);
        on(get('join'), 'submit', event => {
            event.preventDefault();
            const place = placeOf(get('room').value);
            if (!place) return get('room').focus();
            get('room').value = '';
            this.#go(addressOf(place));
            get('composer').focus();
        });
        on(get('leave-room'), 'click', () => {
            chat.leave(chat.current);
            this.#go([...chat.conversations.keys()][0] ?? roomAddress('lobby'));
            get('composer').focus();
        });
        on(get('logout'), 'click', logout);
        on(get('retry'), 'click', () => chat.retryNow());
        on(get('skip'), 'click', event => {
            event.preventDefault(); // the part behind # names the conversation
            get('composer').focus();
        });
        on(document, 'keydown', event => {
            if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
            event.preventDefault();
            // In the order of the list.
            const addresses = [...document.querySelectorAll('.room-link')].map(link => link.getAttribute('href'));
            const step = event.key === 'ArrowUp' ? addresses.length - 1 : 1;
            this.#go(addresses[(addresses.indexOf(chat.current.address) + step) % addresses.length]);
        });
        on(document, 'visibilitychange', () => {
            if (document.hidden || !chat.current) return;
            chat.current.unread = 0;
            this.changed('list', chat.current);
        });
    }

    close() {
        this.#off.abort();
        this.#state.close();
        document.title = 'stompchat';
        get('entries').replaceChildren();
        get('pending').replaceChildren();
    }

    changed(what, conversation) {
        if (what === 'state' || what === 'nodes') this.#state.draw(this.#chat.state, this.#chat.user, this.#chat.nodes);
        if (what === 'state' || what === 'nodes' || what === 'current') drawNodes(this.#chat);
        if (what === 'list' || what === 'people') drawList(this.#chat);
        if (what === 'current') this.#drawAll(conversation);
        if (conversation && conversation === this.#drawn) {
            if (what === 'entries') this.#log.drawEntries();
            if (what === 'pending') this.#log.drawPending();
            if (what === 'typing') this.#composer.drawWriters(conversation);
            if (what === 'people') this.#drawPeople();
        }
        // Only when one is connected it is known who one is.
        if (what === 'state' && this.#drawn) this.#drawPeople();
        this.#drawTitle();
    }

    #go(address) {
        if (location.hash === address) dispatchEvent(new HashChangeEvent('hashchange'));
        else location.hash = address;
    }

    #say(text) {
        const said = this.#chat.say(text);
        this.#log.toEnd();
        return said;
    }

    #drawAll(conversation) {
        this.#drawn = conversation;
        get('room-name').textContent = conversation.title;
        get('leave-room').textContent = conversation.kind === 'direct' ? 'Close' : 'Leave room';
        get('log').dataset.kind = conversation.kind;
        this.#log.draw(conversation);
        this.#composer.draw(conversation);
        this.#composer.drawWriters(conversation);
        this.#drawPeople();
    }

    #drawPeople() {
        this.#people.draw({ conversation: this.#drawn, user: this.#chat.user, isOwn: user => this.#chat.isOwn(user) });
    }

    #drawTitle() {
        const { unread, current } = this.#chat;
        document.title = `${unread ? `(${unread}) ` : ''}${current ? `${current.title} · ` : ''}stompchat`;
    }
}
