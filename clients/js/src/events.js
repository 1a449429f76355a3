// Boost Software License 1.0, see LICENSE

/// An application's function that throws must not stop what called it: the error goes where uncaught ones go.
export function callSafely(action, ...args) {
    try {
        return action?.(...args);
    } catch (error) {
        if (typeof reportError === 'function') reportError(error);
        else queueMicrotask(() => { throw error; });
    }
}

/// Who listens to what.
export class Events {
    #listeners = new Map();

    /// Returns a function that ends it.
    on(name, listener) {
        if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
        this.#listeners.get(name).add(listener);
        return () => this.#listeners.get(name).delete(listener);
    }

    emit(name, ...args) {
        for (const listener of this.#listeners.get(name) ?? []) callSafely(listener, ...args);
    }
}
