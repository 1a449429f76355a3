// Boost Software License 1.0, see LICENSE

// How the connection is: a dot in the bar, and a banner while there is none.
import { element, shownName } from './message_view.js';

/// The longest delay before another node is tried, in milliseconds.
const mostToMove = 500;
const get = id => document.getElementById(id);

export class StateView {
    #ticking = null;
    #everOnline = false;

    draw(state, user, nodes) {
        clearInterval(this.#ticking);
        // Another node is tried at once: nobody has to be told of seconds.
        const moving = state.name === 'waiting' && nodes.all.length > 1 && state.retryAt - Date.now() <= mostToMove;
        get('connection').dataset.state = state.name;
        get('banner').dataset.state = state.name;
        get('retry').hidden = state.name !== 'waiting' || moving;
        if (state.name === 'online') {
            this.#everOnline = true;
            get('connection-text').textContent = nodes.all.length > 1 && nodes.here ? `Connected to ${nodes.here}` : 'Connected';
            get('me').textContent = shownName(user);
            get('me').title = user;
            get('banner-text').textContent = '';
        } else {
            get('connection-text').textContent = this.#everOnline ? 'Reconnecting' : 'Connecting';
            if (state.name === 'waiting' && !moving) this.#drawWait(state);
            else get('banner-text').textContent = nodes.all.length > 1 ? 'Connecting to another node…' : 'Connecting again…';
        }
        // The very first attempt is nothing to be told about.
        get('banner').hidden = state.name === 'online' || (state.name === 'connecting' && !this.#everOnline);
    }

    close() {
        clearInterval(this.#ticking);
    }

    #drawWait({ retryAt, reason, refused }) {
        const why = refused ? `The server refused the connection: ${reason}.` : 'No connection to the server.';
        // Said once; the seconds are for the eye, and not worth interrupting a screen reader.
        const seconds = element('span', 'seconds');
        seconds.ariaHidden = 'true';
        const tick = () => (seconds.textContent = ` Next try in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s.`);
        tick();
        this.#ticking = setInterval(tick, 500);
        get('banner-text').replaceChildren(element('strong', '', why), ' What you write is kept and sent then.', seconds);
    }
}
