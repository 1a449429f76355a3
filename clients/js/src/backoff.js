// Boost Software License 1.0, see LICENSE

const firstDelay = 1000;
const longestDelay = 30_000;
const longestWish = 60_000;

/** Milliseconds before attempt number `attempt` (the first one after a loss is 0), with `nodes` nodes to choose from. The other nodes are
    tried soon; who has tried them all waits longer each round. Half of it is random, so that a node is not hit by everyone at once. */
export function delayBefore(attempt, nodes, random = Math.random) {
    if (nodes > 1 && attempt % nodes !== nodes - 1) return Math.round(random() * 500);
    const full = Math.min(longestDelay, firstDelay * 2 ** Math.floor(attempt / nodes));
    return Math.round(full / 2 + (random() * full) / 2);
}

/// Milliseconds that a node which stops asks to stay away, in the reason of its close.
export function wishOf(reason) {
    const found = /retry-after[:=\s]+(\d+)/.exec(reason ?? '');
    return found ? Math.min(Number(found[1]) * 1000, longestWish) : 0;
}

/// The same list in another order: the clients of a node that goes away spread over the others.
export function shuffled(list, random = Math.random) {
    const made = [...list];
    for (let i = made.length - 1; i > 0; --i) {
        const other = Math.floor(random() * (i + 1));
        [made[i], made[other]] = [made[other], made[i]];
    }
    return made;
}
