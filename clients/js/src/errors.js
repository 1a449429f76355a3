// Boost Software License 1.0, see LICENSE

/// The server said no, and would again. `code` is the server's: unknown-destination, forbidden, bad-header, limit...
export class RefusedError extends Error {
    name = 'RefusedError';

    constructor(code, reason) {
        super(reason);
        this.code = code;
    }
}

/// The message was transmitted, its receipt never came, and sending it again could double it: only its writer can decide.
export class UnknownOutcomeError extends Error {
    name = 'UnknownOutcomeError';
}

/// So many messages wait for their receipts that no other is taken.
export class OutboxFullError extends Error {
    name = 'OutboxFullError';
}
