// Boost Software License 1.0, see LICENSE

// The list of rooms and of people that one talks with.
import { element } from './message_view.js';

const get = id => document.getElementById(id);

function link(conversation, { current, here }) {
    const made = element('a', 'room-link');
    made.href = conversation.address;
    const sign = element('span', 'sign', conversation.kind === 'direct' ? '' : '#');
    if (conversation.kind === 'direct') sign.classList.add('dot', here ? 'here' : 'away');
    sign.ariaHidden = 'true';
    const label = element('span', 'room-label', conversation.name);
    label.dir = 'auto';
    made.append(sign, label);
    if (here) made.append(element('span', 'unseen', ' (here)'));
    if (current) made.ariaCurrent = 'page';
    if (conversation.unread && !current) {
        made.classList.add('unread');
        const count = element('span', 'count', conversation.unread > 99 ? '99+' : `${conversation.unread}`);
        count.append(element('span', 'unseen', ' unread'));
        made.append(count);
    }
    const item = element('li');
    item.append(made);
    return item;
}

export function drawList(chat) {
    const all = [...chat.conversations.values()];
    for (const [kind, id] of [
        ['room', 'rooms'],
        ['direct', 'directs'],
    ]) {
        const list = get(id);
        const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
        list.replaceChildren(
            ...all
                .filter(one => one.kind === kind)
                .map(one => link(one, { current: one === chat.current, here: kind === 'direct' && chat.isHere(one.name) })),
        );
        // Drawn anew it would lose the focus.
        if (focused) [...list.querySelectorAll('a')].find(one => one.getAttribute('href') === focused)?.focus();
        list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    get('directs-part').hidden = get('directs').childElementCount === 0;
}
