// Boost Software License 1.0, see LICENSE

// Where one writes, and the line that tells who else does.
import { shownName } from './message_view.js';
import { drafts } from './storage.js';

const get = id => document.getElementById(id);

export class ComposerView {
    #say;
    #conversation = null;

    constructor({ say, typed }, on) {
        this.#say = say;
        on(get('composer-form'), 'submit', event => {
            event.preventDefault();
            this.#submit();
        });
        on(get('composer'), 'keydown', event => {
            // An Enter that ends the composition of a character is none of ours.
            if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
                event.preventDefault();
                this.#submit();
            }
        });
        on(get('composer'), 'input', () => {
            this.#keepDraft();
            if (get('composer').value.trim()) typed();
        });
        on(window, 'resize', () => this.#fit());
    }

    draw(conversation) {
        this.#conversation = conversation;
        const kept = drafts.get()[conversation.address] ?? '';
        get('composer').value = conversation.draft || (conversation.draft = kept);
        get('composer').placeholder = conversation.kind === 'direct' ? `Message ${conversation.name}` : `Message #${conversation.name}`;
        this.#fit();
    }

    drawWriters({ writers }) {
        const names = writers.map(shownName);
        const some = names.length > 3 ? `${names.length} people are` : names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are` : `${names[0]} is`;
        get('writers-text').textContent = names.length ? `${some} typing` : '';
        get('writers').classList.toggle('busy', names.length > 0);
    }

    #submit() {
        const text = get('composer').value.trim();
        if (!text || !this.#conversation || !this.#say(text)) return;
        get('composer').value = '';
        this.#keepDraft();
    }

    #keepDraft() {
        const { address } = this.#conversation;
        this.#conversation.draft = get('composer').value;
        const kept = drafts.get();
        if (this.#conversation.draft) kept[address] = this.#conversation.draft;
        else delete kept[address];
        drafts.set(kept);
        this.#fit();
    }

    #fit() {
        const { style } = get('composer');
        style.height = 'auto';
        style.height = `${get('composer').scrollHeight + 2}px`;
    }
}
