// Boost Software License 1.0, see LICENSE

// Where one can be: a room, #lobby in the address bar, or a conversation with one person, #@bob. The name of a room may begin with an @, which
// is then encoded.

const longestDestination = 255; // octets, the server's limit
const octets = text => new TextEncoder().encode(text).length;
// Neither control characters nor halves of pairs, which have no UTF-8.
const clean = text => text.replace(/[\p{Cc}\p{Cs}]/gu, '').trim();

/// A room's name as it can be used, or nothing.
export function roomName(text) {
    const name = clean(text);
    return name && octets(`/topic/${name}`) <= longestDestination ? name : null;
}

/// Where a text leads that somebody has written: a room, or with an @ in front a person. Or nothing.
export function placeOf(text) {
    const person = /^\s*@(.+)$/.exec(text);
    if (!person) return roomName(text) && { kind: 'room', name: roomName(text) };
    const name = clean(person[1]);
    return name && octets(`/user//queue/chat${name}`) <= longestDestination ? { kind: 'direct', name } : null;
}

export const roomAddress = name => `#${encodeURIComponent(name)}`;
export const addressOf = ({ kind, name }) => (kind === 'direct' ? `#@${encodeURIComponent(name)}` : roomAddress(name));

/// The place that an address names, or nothing.
export function placeAt(hash) {
    const direct = hash.startsWith('#@');
    try {
        const name = decodeURIComponent(hash.slice(direct ? 2 : 1));
        return direct ? placeOf(`@${name}`) : roomName(name) && { kind: 'room', name: roomName(name) };
    } catch {
        return null; // a % that encodes nothing
    }
}
