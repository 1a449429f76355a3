// Boost Software License 1.0, see LICENSE

// The log of the conversation that is looked at. Follows its end, unless the reader has scrolled away from there.
import { entryElements, pendingElement } from './message_view.js';

const get = id => document.getElementById(id);
/// Whoever is that close to the end of the log follows it.
const nearEnd = 80; // pixels

export class LogView {
    #actions;
    #drawn = null; // the conversation
    #entries = []; // its entries that are drawn, in order: {entry, elements}

    /// `actions`: again(id) and discard(id), for what was not sent.
    constructor(actions, on) {
        this.#actions = actions;
        on(get('jump'), 'click', () => {
            this.toEnd();
            get('composer').focus();
        });
        on(get('log'), 'scroll', () => this.#atEnd() && (get('jump').hidden = true));
    }

    draw(conversation) {
        this.#drawn = conversation;
        this.#entries = [];
        const entries = get('entries');
        // What was there before is not news.
        entries.ariaLive = 'off';
        entries.replaceChildren();
        this.drawEntries();
        this.drawPending();
        this.toEnd();
        requestAnimationFrame(() => (entries.ariaLive = 'polite'));
    }

    drawEntries() {
        this.#keepingPlace(() => {
            const { entries } = this.#drawn;
            // Entries are only appended, and the oldest are dropped.
            const firstKept = this.#entries.findIndex(one => one.entry === entries[0]);
            for (const dropped of this.#entries.splice(0, Math.max(firstKept, 0))) for (const one of dropped.elements) one.remove();
            let before = this.#entries.at(-1)?.entry;
            for (const entry of entries.slice(this.#entries.length)) {
                const elements = entryElements(entry, before);
                get('entries').append(...elements);
                this.#entries.push({ entry, elements });
                before = entry;
            }
        });
    }

    drawPending() {
        this.#keepingPlace(() => get('pending').replaceChildren(...this.#drawn.pending.map(one => pendingElement(one, this.#actions))));
    }

    toEnd() {
        get('log').scrollTop = get('log').scrollHeight;
        get('jump').hidden = true;
    }

    #atEnd() {
        const log = get('log');
        return log.scrollHeight - log.scrollTop - log.clientHeight < nearEnd;
    }

    #keepingPlace(draw) {
        const follow = this.#atEnd();
        const before = get('entries').childElementCount;
        draw();
        get('log').classList.toggle('empty', this.#drawn.entries.length === 0 && this.#drawn.pending.length === 0);
        if (follow) this.toEnd();
        else if (get('entries').childElementCount > before) get('jump').hidden = false;
    }
}
