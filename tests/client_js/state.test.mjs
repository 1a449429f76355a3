// Boost Software License 1.0, see LICENSE

// What the client knows without a server: delays, the outbox, participants.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internal, MemoryStorage, OutboxFullError, Participants } from './harness.mjs';

const { delayBefore, wishOf, shuffled } = await internal('backoff.js');
const { Outbox } = await internal('outbox.js');
const { Typing } = await internal('typing.js');

const snapshot = (version, users) => ({ type: 'snapshot', version, count: users.length, users });
const join = (version, user, count) => ({ type: 'join', version, user, count });
const leave = (version, user, count) => ({ type: 'leave', version, user, count });
function participantsOf(...events) {
    const made = new Participants();
    for (const event of events) made.apply(event);
    return made;
}

test('the delays of one node grow to half a minute, and half of each is random', () => {
    const delays = Array.from({ length: 8 }, (_, attempt) => delayBefore(attempt, 1, () => 1));
    assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    assert.equal(delayBefore(3, 1, () => 0), 4000);
});

test('other nodes are tried soon, and who has tried all waits longer each round', () => {
    const delays = Array.from({ length: 9 }, (_, attempt) => delayBefore(attempt, 3, () => 1));
    assert.deepEqual(delays, [500, 500, 1000, 500, 500, 2000, 500, 500, 4000]);
});

test('a node that stops may ask to stay away, but not for ever', () => {
    assert.deepEqual(['retry-after=5', 'retry-after: 7', 'bye', undefined, 'retry-after=99999'].map(wishOf), [5000, 7000, 0, 0, 60_000]);
});

test('every order of the nodes is possible', () => {
    const orders = new Set(Array.from({ length: 300 }, () => shuffled(['a', 'b', 'c']).join('')));
    assert.equal(orders.size, 6);
});

test('joins and leaves change the snapshot', () => {
    const room = participantsOf(snapshot(7, ['ann', 'bob']), join(8, 'cem', 3));
    assert.deepEqual(room.apply(leave(9, 'ann', 2)), { type: 'leave', joined: [], left: ['ann'] });
    assert.deepEqual([[...room.users], room.count, room.available], [['bob', 'cem'], 2, true]);
});

test('what is older than the snapshot changes nothing', () => {
    const room = participantsOf(snapshot(7, ['ann', 'bob']));
    assert.equal(room.apply(leave(7, 'ann', 1)), null);
    assert.equal(room.apply(join(6, 'old', 1)), null);
    assert.deepEqual([...room.users], ['ann', 'bob']);
});

test('a version that is missing asks for a snapshot, and nothing counts until it is there', () => {
    const room = participantsOf(snapshot(7, ['ann', 'bob']));
    assert.equal(room.apply(join(9, 'dora', 4)).type, 'missing');
    assert.equal(room.available, false);
    assert.equal(room.apply(join(10, 'eve', 5)), null);
    const change = room.apply(snapshot(10, ['bob', 'cem', 'dora', 'eve']));
    assert.deepEqual(change, { type: 'snapshot', joined: ['cem', 'dora', 'eve'], left: ['ann'] });
    assert.equal(room.available, true);
});

test('without the registry the list is kept and marked, until a snapshot comes', () => {
    const room = participantsOf(snapshot(7, ['ann']), { type: 'unavailable' });
    assert.deepEqual([[...room.users], room.available], [['ann'], false]);
    assert.equal(room.apply(join(8, 'bob', 2)), null);
    room.apply(snapshot(1, ['ann', 'bob']));
    assert.deepEqual([[...room.users], room.available], [['ann', 'bob'], true]);
});

test('a room that is too big to be listed is counted', () => {
    const room = participantsOf({ type: 'snapshot', version: 3, count: 2000 });
    room.apply(join(4, 'ann', 2001));
    assert.deepEqual([room.users, room.count, room.available], [null, 2001, true]);
    assert.deepEqual(room.apply(snapshot(5, ['ann'])).joined, ['ann']);
});

test('what a later kind of presence message may say is passed over', () => {
    const room = participantsOf(snapshot(1, ['ann']));
    assert.equal(room.apply({ type: 'away', user: 'ann', version: 2 }), null);
    assert.deepEqual([...room.users], ['ann']);
});

const add = (outbox, body, user = 'ann') => outbox.add('/topic/a', body, {}, user);

test('the outbox keeps the order, and takes no more than its limit', () => {
    const outbox = new Outbox({ limit: 3 }, () => 1000);
    const [one] = ['1', '2', '3'].map(body => add(outbox, body));
    assert.throws(() => add(outbox, '4'), OutboxFullError);
    outbox.remove(one);
    add(outbox, '4');
    assert.deepEqual(outbox.entries.map(({ body }) => body), ['2', '3', '4']);
    assert.equal(new Set(outbox.entries.map(({ id }) => id)).size, 3);
    for (const { id } of outbox.entries) assert.ok(Buffer.byteLength(id) <= 64, id);
});

test('a reload finds what has no receipt, text and octets, in its order', () => {
    const storage = new MemoryStorage();
    const before = new Outbox({ storage, name: 'ann' });
    const texts = Array.from({ length: 12 }, (_, i) => add(before, `text ${i}`));
    before.add('/topic/b', Uint8Array.of(0, 255, 7), { 'content-type': 'x/y' }, 'ann');
    before.transmit(texts[1], 'ann');
    before.remove(texts[0]);
    const after = new Outbox({ storage, name: 'ann' });
    assert.deepEqual(after.entries.map(({ id }) => id), before.entries.map(({ id }) => id));
    assert.deepEqual(after.entries.at(-1).body, Uint8Array.of(0, 255, 7));
    assert.deepEqual(after.entries.at(-1).headers, { 'content-type': 'x/y' });
    assert.ok(after.entries[0].firstSent > 0);
    assert.equal(after.entries[0].state, 'queued');
    assert.deepEqual(new Outbox({ storage, name: 'bob' }).entries, []);
    assert.deepEqual(new Outbox({ storage, name: 'a' }).entries, []);
    for (const entry of after.entries) after.remove(entry);
    assert.equal(storage.length, 0);
});

test('two windows that share a storage do not overwrite each other', () => {
    const storage = new MemoryStorage();
    const windows = [new Outbox({ storage }), new Outbox({ storage })];
    windows.forEach((outbox, i) => add(outbox, `from window ${i}`));
    assert.deepEqual(new Outbox({ storage }).entries.map(({ body }) => body).sort(), ['from window 0', 'from window 1']);
});

test('a storage that is full, forbidden or damaged stops nobody', () => {
    const refusing = { length: 0, key: () => null, setItem: () => { throw new Error('full'); }, removeItem: () => { throw new Error('gone'); } };
    const outbox = new Outbox({ storage: refusing });
    outbox.remove(add(outbox, 'text'));
    const storage = new MemoryStorage();
    add(new Outbox({ storage }), 'good');
    storage.setItem('stompchat.outbox//broken', '{');
    storage.setItem('of somebody else', '{');
    assert.deepEqual(new Outbox({ storage }).entries.map(({ body }) => body), ['good']);
});

test('what was transmitted is repeated by the same user only, and only while the server knows it again', () => {
    let now = 1_000_000;
    const outbox = new Outbox({}, () => now);
    const entry = add(outbox, 'text');
    assert.equal(outbox.verdict(entry, 'ann'), 'send');
    now += 3_600_000;
    assert.equal(outbox.verdict(entry, 'ann'), 'send', 'it never left');
    outbox.transmit(entry, 'ann');
    now += 8 * 60_000;
    outbox.transmit(entry, 'ann');
    assert.equal(outbox.verdict(entry, 'ann'), 'send');
    assert.equal(outbox.verdict(entry, 'bob'), 'unknown');
    now += 60_000;
    assert.equal(outbox.verdict(entry, 'ann'), 'unknown', 'repeating does not prolong it');
});

test('nobody sends what another one has written, but an anonymous user may go on under a new name', () => {
    const outbox = new Outbox();
    assert.equal(outbox.verdict(add(outbox, 'text', 'ann'), 'bob'), 'other');
    assert.equal(outbox.verdict(add(outbox, 'text', ''), 'bob'), 'send');
    const nameless = add(outbox, 'text', 'anonymous-1');
    assert.equal(outbox.verdict(nameless, 'anonymous-2'), 'send');
    outbox.transmit(nameless, 'anonymous-2');
    assert.equal(outbox.verdict(nameless, 'anonymous-2'), 'send');
    assert.equal(outbox.verdict(nameless, 'anonymous-3'), 'unknown');
});

/// Typing over a client that only records: what it signals, and what it would be told.
function scriptedTyping(t) {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const made = { signals: [], changes: [], online: true };
    const client = {
        user: 'me',
        subscribe: (destination, options) => ((made.options = options), { unsubscribe() {} }),
        signal: (destination, body) => made.online && made.signals.push(body) > 0,
    };
    made.typing = new Typing(client, '/topic/typing/a', users => made.changes.push(users.join()));
    made.hears = (user, body) => made.options.onMessage({ headers: { user }, body });
    return made;
}

test('who types is told again every few seconds, and the end is told once', t => {
    const { typing, signals } = scriptedTyping(t);
    for (let i = 0; i < 65; ++i) {
        typing.type();
        t.mock.timers.tick(100);
    }
    assert.deepEqual(signals, ['typing', 'typing', 'typing']);
    typing.done();
    typing.done();
    assert.deepEqual(signals.slice(3), ['done']);
    typing.type();
    assert.equal(signals.length, 5, 'who begins again is told at once');
});

test('a writer of whom nothing is heard any more is forgotten', t => {
    const { hears, changes, typing } = scriptedTyping(t);
    hears('ann', 'typing');
    t.mock.timers.tick(6000);
    hears('ann', 'typing');
    t.mock.timers.tick(6000);
    assert.deepEqual(changes, ['ann']);
    t.mock.timers.tick(2000);
    assert.deepEqual(changes, ['ann', '']);
    hears('me', 'typing');
    hears('ann', 'done');
    hears('bob', 'typing');
    typing.unsubscribe();
    assert.deepEqual(changes, ['ann', '', 'bob', '']);
});

test('what was typed without a connection is told when there is one', t => {
    const scripted = scriptedTyping(t);
    scripted.online = false;
    scripted.typing.type();
    scripted.online = true;
    scripted.typing.type();
    assert.deepEqual(scripted.signals, ['typing']);
});
