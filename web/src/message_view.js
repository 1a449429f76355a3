// Boost Software License 1.0, see LICENSE

// Makes the elements of a room's log. Text becomes text nodes only, never markup.

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const wholeTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const wholeDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

/// Messages of one user that follow each other within this time stand under one name.
const together = 5 * 60_000;

export function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
}

/// An anonymous user's name is long and says nothing: its beginning tells two of them apart.
export function shownName(user) {
    return user.startsWith('anonymous-') ? user.slice(0, 'anonymous-'.length + 4) : user || 'server';
}

// The same colour for the same user, everywhere.
function hueOf(user) {
    let hash = 7;
    for (const character of user) hash = (hash * 31 + character.codePointAt(0)) % 3600;
    return hash / 10;
}

/// A user's name, in the direction of its own script.
export function name(className, user) {
    const made = element('span', className, shownName(user));
    made.dir = 'auto';
    made.title = user;
    return made;
}

/// A user's picture: the first letter on the user's colour.
export function avatar(user) {
    const made = element('span', 'avatar', (Array.from(shownName(user))[0] ?? '?').toUpperCase());
    made.style.setProperty('--hue', hueOf(user));
    made.ariaHidden = 'true';
    return made;
}

function time(milliseconds) {
    const made = element('time', 'time', timeOfDay.format(milliseconds));
    made.dateTime = new Date(milliseconds).toISOString();
    made.title = wholeTime.format(milliseconds);
    return made;
}

function message(entry, follows) {
    const made = element('article', `message${entry.own ? ' own' : ''}${follows ? ' follows' : ''}`);
    const head = element('p', 'message-head');
    head.append(name('author', entry.user), ...(entry.own ? [element('span', 'you', 'you')] : []), time(entry.time));
    const text = element('p', 'text', entry.text);
    text.dir = 'auto';
    made.append(avatar(entry.user), head, text);
    return made;
}

/// The elements of `entry`, which stands behind `before`.
export function entryElements(entry, before) {
    const made = [];
    const day = new Date(entry.time).toDateString();
    if (before && new Date(before.time).toDateString() !== day) made.push(element('p', 'day', wholeDay.format(entry.time)));
    if (entry.kind === 'notice') {
        const notice = element('p', 'notice', entry.text);
        notice.append(' ', time(entry.time));
        made.push(notice);
    } else if (entry.kind === 'event') {
        const event = element('p', 'event');
        event.append(name('event-user', entry.user), ` ${entry.text} `, time(entry.time));
        made.push(event);
    } else {
        const follows = made.length === 0 && before?.kind === 'message' && before.user === entry.user && entry.time - before.time < together;
        made.push(message(entry, follows));
    }
    return made;
}

const stateTexts = {
    waiting: 'Goes out when the connection is back',
    sending: 'Sending…',
    sent: 'Sent',
    unknown: 'The connection broke: this may or may not have arrived',
    refused: 'Refused',
};

/// The element of a message of ours that the server has not shown yet.
export function pendingElement(entry, { again, discard }) {
    const made = element('article', `message own pending ${entry.state}`);
    const text = element('p', 'text', entry.text);
    text.dir = 'auto';
    const state = element('p', 'state', stateTexts[entry.state] + (entry.reason ? `: ${entry.reason}` : ''));
    if (entry.state === 'unknown' || entry.state === 'refused') {
        const button = (label, action) => {
            const one = element('button', 'link', label);
            one.type = 'button';
            one.addEventListener('click', () => action(entry.id));
            return one;
        };
        state.append(' ', button('Send again', again), ' ', button('Discard', discard));
    }
    made.append(element('span', 'avatar'), text, state);
    made.firstChild.ariaHidden = 'true';
    return made;
}
