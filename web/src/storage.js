// Boost Software License 1.0, see LICENSE

// What the page remembers. A browser may forbid that; then it remembers nothing, and works all the same.

function read(where, key) {
    try {
        return JSON.parse(where().getItem(`stompchat.${key}`));
    } catch {
        return null;
    }
}

function write(where, key, value) {
    try {
        if (value === null) where().removeItem(`stompchat.${key}`);
        else where().setItem(`stompchat.${key}`, JSON.stringify(value));
    } catch {
        // Nothing to do about it.
    }
}

const local = () => localStorage;
const session = () => sessionStorage;

/// For the next visit.
export const lastName = { get: () => read(local, 'name') ?? '', set: value => write(local, 'name', value) };

/// For a reload of this window: who is in which rooms, and what is half written.
export const visit = { get: () => read(session, 'visit'), set: value => write(session, 'visit', value) };
export const drafts = { get: () => read(session, 'drafts') ?? {}, set: value => write(session, 'drafts', value) };

/// Where messages that wait survive a reload; or nothing.
export function windowStorage() {
    try {
        return sessionStorage;
    } catch {
        return null;
    }
}
