// Boost Software License 1.0, see LICENSE

// Who is in the room that is looked at. In narrow windows it is a sheet that opens with a button.
import { addressOf } from './address.js';
import { avatar, element, name } from './message_view.js';

const get = id => document.getElementById(id);
const mostListed = 200;
const inWords = count => (count === 1 ? '1 person' : `${count.toLocaleString()} people`);

export class PeopleView {
    constructor(on) {
        on(get('people-toggle'), 'click', () => this.#show(get('people-toggle').ariaExpanded !== 'true'));
        on(get('people-close'), 'click', () => this.#show(false));
        on(document, 'keydown', event => event.key === 'Escape' && get('people-toggle').ariaExpanded === 'true' && this.#show(false));
        // A choice closes the sheet, and so does a click beside it.
        on(document, 'click', ({ target }) => {
            const inside = get('people-panel').contains(target) && !target.closest('a');
            if (!inside && target !== get('people-toggle') && target !== get('people-close')) this.#show(false, false);
        });
        this.#show(false, false);
    }

    draw({ conversation, user, isOwn }) {
        const { participants } = conversation;
        const panel = get('people-panel');
        get('chat').classList.toggle('with-people', participants !== null);
        panel.hidden = get('people-toggle').hidden = participants === null;
        if (!participants) return;
        const { users, count, available } = participants;
        get('people-toggle').textContent = inWords(count);
        get('people-title').textContent = users ? inWords(count) : 'People';
        get('people-stale').hidden = available;
        panel.classList.toggle('stale', !available);
        const byName = [...(users ?? [])].sort((one, other) => one.localeCompare(other));
        const listed = byName.filter(one => !isOwn(one)).slice(0, mostListed);
        const focused = get('people').contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
        get('people').replaceChildren(...(users?.has(user) ? [this.#myself(user)] : []), ...listed.map(one => this.#person(one)));
        if (focused) [...get('people').querySelectorAll('a')].find(one => one.getAttribute('href') === focused)?.focus();
        const more = count - listed.length - (users?.has(user) ? 1 : 0);
        get('people-more').hidden = more <= 0;
        get('people-more').textContent = users ? `and ${more.toLocaleString()} more` : `${inWords(count)}, too many to be listed`;
    }

    #show(shown, focus = true) {
        get('people-toggle').ariaExpanded = String(shown);
        get('people-panel').classList.toggle('open', shown);
        if (focus) get(shown ? 'people-close' : 'people-toggle').focus();
    }

    #myself(user) {
        const made = element('li', 'person');
        made.append(avatar(user), name('person-name', user), element('span', 'you', 'you'));
        return made;
    }

    #person(user) {
        const made = element('li');
        const link = element('a', 'person');
        link.href = addressOf({ kind: 'direct', name: user });
        link.append(avatar(user), name('person-name', user), element('span', 'unseen', ': write a direct message'));
        made.append(link);
        return made;
    }
}
