// Boost Software License 1.0, see LICENSE

// Who is writing, over a destination that keeps nothing. A notice says so for some seconds and is repeated meanwhile: if the last one is lost,
// the writer is forgotten all the same.

const repeatAfter = 3000;
const forgottenAfter = 7000;

export class Typing {
    #client;
    #destination;
    #subscription;
    #onChange;
    #writers = new Map(); // user -> timer
    #saidAt = -Infinity;

    constructor(client, destination, onChange) {
        this.#client = client;
        this.#destination = destination;
        this.#onChange = onChange;
        this.#subscription = client.subscribe(destination, {
            resume: false,
            onMessage: ({ headers, body }) => headers.user !== client.user && this.#heard(headers.user, body === 'typing'),
            onLost: () => this.#forgetAll(),
        });
    }

    get users() {
        return [...this.#writers.keys()];
    }

    /// To be called at each key.
    type() {
        if (Date.now() - this.#saidAt < repeatAfter) return;
        if (this.#client.signal(this.#destination, 'typing')) this.#saidAt = Date.now();
    }

    /// It is said, or given up.
    done() {
        if (Date.now() - this.#saidAt < forgottenAfter) this.#client.signal(this.#destination, 'done');
        this.#saidAt = -Infinity;
    }

    unsubscribe() {
        this.#subscription.unsubscribe();
        this.#forgetAll();
    }

    #heard(user, typing) {
        const known = this.#writers.has(user);
        clearTimeout(this.#writers.get(user));
        if (typing) this.#writers.set(user, setTimeout(() => this.#heard(user, false), forgottenAfter));
        else this.#writers.delete(user);
        if (known !== typing) this.#onChange(this.users);
    }

    #forgetAll() {
        for (const timer of this.#writers.values()) clearTimeout(timer);
        if (this.#writers.size === 0) return;
        this.#writers.clear();
        this.#onChange([]);
    }
}
