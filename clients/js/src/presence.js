// Boost Software License 1.0, see LICENSE

// Who is in a room: a snapshot, then joins and leaves, each with the version after the one before.

/// A list of participants that follows what the server tells. Without input and output.
export class Participants {
    available = false; // false: the server has not told yet, or cannot tell at present
    users = new Set(); // or null: the room is too big to be listed
    count = 0;
    #version = null;

    /** Takes the body of a presence message. Returns what changed, {type, joined, left}, or nothing; type 'missing' means that a version was
        missed, and that a new snapshot is needed. */
    apply(event) {
        if (event.type === 'snapshot') return this.#snapshot(event);
        if (event.type === 'unavailable') return this.unavailable();
        if ((event.type !== 'join' && event.type !== 'leave') || this.#version === null || event.version <= this.#version) return null;
        // The versions of a room that was empty may begin anew, further on.
        const reopened = this.count === 0 && event.count === 1;
        if (event.version !== this.#version + 1 && !reopened) return { ...this.unavailable(), type: 'missing' };
        this.#version = event.version;
        this.count = event.count;
        if (event.type === 'join') this.users?.add(event.user);
        else this.users?.delete(event.user);
        return { type: event.type, joined: event.type === 'join' ? [event.user] : [], left: event.type === 'leave' ? [event.user] : [] };
    }

    /// What is known is not kept up to date any more.
    unavailable() {
        this.available = false;
        this.#version = null;
        return { type: 'unavailable', joined: [], left: [] };
    }

    #snapshot({ version, count, users }) {
        const before = this.users ?? new Set();
        this.available = true;
        this.#version = version;
        this.count = count;
        this.users = users ? new Set(users) : null;
        if (!users) return { type: 'snapshot', joined: [], left: [] };
        return { type: 'snapshot', joined: users.filter(user => !before.has(user)), left: [...before].filter(user => !this.users.has(user)) };
    }
}

/// Follows the participants of a room through `subscribe`, the client's. `onChange(participants, change)`.
export function followParticipants(subscribe, room, onChange, options = {}) {
    const participants = new Participants();
    const subscription = subscribe(`/presence/${room}`, {
        ...options,
        onMessage: message => {
            const change = participants.apply(JSON.parse(message.body));
            if (change?.type === 'missing') subscription.renew();
            else if (change) onChange(participants, change);
        },
        onLost: () => participants.available && onChange(participants, participants.unavailable()),
    });
    return { participants, unsubscribe: () => subscription.unsubscribe() };
}
