// Boost Software License 1.0, see LICENSE

// Which nodes there are. All nodes of a cluster have the same rooms; a window is connected to one of them, which tells at /nodes of the others.

const askAgainAfter = 10_000;

/// The address of the page of a node, whose WebSocket is at `url`.
export const pageOf = url => new URL('/', url.replace(/^ws/, 'http')).href;

export class Nodes {
    /// [{name, url}], by name. Empty where nobody tells; `url` is empty for a node whose address is not known.
    all = [];
    /// The name of the one that the window is, or was, connected to.
    here = '';
    #url = '';
    #timer = null;
    #changed;

    constructor(changed) {
        this.#changed = changed;
    }

    /// The window is connected to the node with that address.
    at(url) {
        this.away();
        if (url !== this.#url) this.here = '';
        this.#url = url;
        void this.#ask();
    }

    /// It is connected to none, so that nobody can be asked.
    away() {
        clearTimeout(this.#timer);
        this.#timer = null;
    }

    /// Where to connect, first the node that the window is at. Under the address that the browser knows it by, which the cluster may not.
    get urls() {
        return [this.#url, ...this.all.filter(({ name, url }) => name !== this.here && url !== '').map(({ url }) => url)];
    }

    async #ask() {
        const url = this.#url;
        let told = null;
        try {
            const answer = await fetch(new URL('/nodes', pageOf(url)), { cache: 'no-store' });
            if (answer.ok) told = await answer.json();
        } catch {
            // Nobody tells at present: what is known stays.
        }
        if (url !== this.#url) return;
        if (typeof told?.node === 'string' && Array.isArray(told.nodes)) this.#told(told);
        this.away();
        this.#timer = setTimeout(() => this.#ask(), askAgainAfter);
    }

    #told({ node, nodes }) {
        const named = nodes.filter(one => typeof one?.node === 'string').map(one => ({ name: one.node, url: typeof one.url === 'string' ? one.url : '' }));
        // A node that was started again may be there twice for some seconds.
        const all = [...new Map(named.map(one => [one.name, one])).values()].sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
        if (node === this.here && JSON.stringify(all) === JSON.stringify(this.all)) return;
        this.here = node;
        this.all = all;
        this.#changed();
    }
}
