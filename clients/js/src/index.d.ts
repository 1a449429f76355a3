// Boost Software License 1.0, see LICENSE

import type { Client, IMessage, StompConfig, StompHeaders } from '@stomp/stompjs';

export interface ChatClientOptions {
    /** A node, for example `wss://chat.example.org/ws`. Relative ones are not understood. */
    url?: string;
    /** Several nodes of one cluster, instead of `url`. They are tried in random order. */
    urls?: string[];
    /** Who this is. Which logins are believed is up to the server. */
    login?: string;
    passcode?: string;
    /** More headers for CONNECT, asked for at each attempt: a function can fetch a fresh token. */
    headers?: StompHeaders | (() => StompHeaders | Promise<StompHeaders>);
    outbox?: OutboxOptions;
    /** Makes a WebSocket, where there is no global one (Node before 22) or it needs more than its address. */
    webSocket?: (url: string, protocols: string[]) => unknown;
    /** Options of @stomp/stompjs that replace this layer's: heart-beats, `connectionTimeout`, `debug`. */
    stomp?: Partial<StompConfig>;
    /** Instead of Math.random, for delays and the order of nodes. */
    random?: () => number;
}

export interface OutboxOptions {
    /** How many messages may wait for their receipts. Default 500. */
    limit?: number;
    /** Where they survive a reload: `sessionStorage` for this window, `localStorage` also for the next one. Default: nowhere. */
    storage?: Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'> | null;
    /** Tells the users of one storage apart. Default: `login`. */
    name?: string;
}

export type State =
    | { name: 'stopped' }
    | { name: 'connecting'; url: string }
    /** `user` is whom the server takes this client for; it stamps messages with that name. */
    | { name: 'online'; url: string; user: string; session: string }
    /** The next attempt is at `retryAt` (milliseconds since 1970). `refused`: CONNECT was answered by ERROR, whose text is `reason`. */
    | { name: 'waiting'; retryAt: number; reason: string; refused: boolean };

/** A message that waits for its receipt. */
export interface Entry {
    /** Its `idempotency-key`. Subscribers see it as a header of the message. */
    readonly id: string;
    readonly destination: string;
    readonly body: string | Uint8Array;
    readonly headers: StompHeaders;
    /** Who wrote it, as far as that was known; then who transmitted it. */
    readonly user: string;
    /** When it was first transmitted, in milliseconds since 1970. */
    readonly firstSent: number | null;
    /** `queued`: goes out with the next connection. `sent`: the receipt is awaited. */
    readonly state: 'queued' | 'sent';
}

export interface Receipt {
    id: string;
    /** The id of the message in the log. Null where there is none, for `/app/...` for example. */
    messageId: string | null;
}

export interface Live {
    /** After a token was given: false if messages may be missing, the subscription is then live from now. Else null. */
    recovered: boolean | null;
    /** How many messages of the past follow. Null if none were asked for, or none were needed. */
    history: number | null;
    /** Whether the log has nothing older in the window that the server allows. */
    complete: boolean | null;
    position: string | null;
    /** `new` or `resumed`, for a durable subscription. */
    durable: string | null;
}

export interface Gap {
    /** `not-recovered`: the server could not go on where this client was. `lost`: it lost messages meanwhile. */
    reason: 'not-recovered' | 'lost';
    /** The token as it is now. */
    token: string | undefined;
}

export interface SubscriptionOptions {
    /** A message is processed when this returns. `history`: it was sent before this subscription. */
    onMessage?: (message: IMessage, info: { history: boolean }) => void;
    /** The subscription is live: at first, and after each new connection. Comes before its messages. */
    onLive?: (info: Live) => void;
    /** Messages may be missing here: what the application knows from messages it should fetch anew. */
    onGap?: (gap: Gap) => void;
    /** The server refuses it. The subscription has ended. */
    onRefused?: (error: RefusedError) => void;
    /** The connection is gone. The subscription comes back with the next one. */
    onLost?: () => void;
    /** At most so many messages of the past, at first and where resuming fails. Default 0. */
    history?: number;
    /** A token to begin behind. */
    resumeAfter?: string;
    /** Whether to resume. Default: yes for `/topic/...` and `/user/queue/...`. Say no where the server keeps nothing. */
    resume?: boolean;
    /** More headers of SUBSCRIBE: `ack`, `prefetch-count`, `durable`. */
    headers?: StompHeaders;
}

export interface Subscription {
    readonly destination: string;
    /** Whether it is live on the present connection. */
    readonly live: boolean;
    /** Where to go on: it may be kept, and given as `resumeAfter` later. */
    readonly token: string | undefined;
    /** `forget`: a durable subscription ends for good, the server forgets its position. */
    unsubscribe(options?: { forget?: boolean }): void;
}

/** Who is in a room. A user is there once, with however many sessions. */
export class Participants {
    /** False while the server does not tell of changes: what is here may be old. */
    readonly available: boolean;
    /** Null when there are too many to be listed. */
    readonly users: ReadonlySet<string> | null;
    readonly count: number;
}

export interface ParticipantsChange {
    type: 'snapshot' | 'join' | 'leave' | 'unavailable';
    /** Who is there now and was not before. A snapshot after a loss of the connection tells the difference. */
    joined: string[];
    left: string[];
}

export interface Presence {
    readonly participants: Participants;
    unsubscribe(): void;
}

export interface Typing {
    /** The others who are writing. */
    readonly users: string[];
    /** To be called at each key; tells the others now and then. */
    type(): void;
    /** The message is sent, or given up. */
    done(): void;
    unsubscribe(): void;
}

export interface Events {
    state: (state: State) => void;
    /** `outbox` has changed, or one of its entries. */
    outbox: () => void;
    /** A receipt came: the server has the message. */
    sent: (entry: Entry, messageId: string | null) => void;
    /** An entry left the outbox without a receipt. */
    failed: (entry: Entry, error: RefusedError | UnknownOutcomeError) => void;
    /** The server refused a signal, or sent an ERROR and ends the session. */
    error: (error: Error) => void;
}

export class ChatClient {
    constructor(options: ChatClientOptions);
    readonly state: State;
    /** Who this is, as the server told last; before that, `login`. */
    readonly user: string;
    readonly online: boolean;
    /** What waits for receipts, oldest first. */
    readonly outbox: Entry[];
    /** The STOMP client of the present connection, for what this layer has no words for (ACK modes, transactions). */
    readonly stomp: Client | null;
    /** Returns a function that ends it. */
    on<Name extends keyof Events>(event: Name, listener: Events[Name]): () => void;
    start(): void;
    /** Resolves when the server has answered what was sent, or does not for some seconds. The outbox keeps the rest. */
    stop(): Promise<void>;
    /** Does not wait any longer for the next attempt. */
    retryNow(): void;
    /** Other nodes to choose from when the connection is lost, where nodes come and go; a connection stays where it is. Throws TypeError when there are none. */
    setUrls(urls: string[]): void;
    subscribe(destination: string, options?: SubscriptionOptions): Subscription;
    /** Follows the participants of `/topic/<room>`. `onRefused` is called where the server has no presence. */
    presence(
        room: string,
        onChange: (participants: Participants, change: ParticipantsChange) => void,
        options?: Pick<SubscriptionOptions, 'onRefused'>,
    ): Presence;
    /** Tells who else is writing, over a destination that the server should not log. */
    typing(destination: string, onChange: (users: string[]) => void): Typing;
    /**
     * Sends now, or as soon as there is a connection; again where the receipt was lost. Resolves with the receipt: the server has the message.
     * Rejects with RefusedError or UnknownOutcomeError. Throws OutboxFullError.
     */
    send(destination: string, body: string | Uint8Array, options?: { headers?: StompHeaders }): Promise<Receipt> & { id: string };
    /** Sends to a queue of a user, whether connected or not. */
    sendToUser(user: string, queue: string, body: string | Uint8Array, options?: { headers?: StompHeaders }): Promise<Receipt> & { id: string };
    /** Sends now or never. Returns whether there was a connection. */
    signal(destination: string, body: string, headers?: StompHeaders): boolean;
    /** Takes an entry out of the outbox. */
    discard(id: string): void;
}

/** `/user/<user>/queue/<queue>`, with the user encoded as the server wants it. */
export function userDestination(user: string, queue: string): string;

/** The server said no, and would again. */
export class RefusedError extends Error {
    /** The server's: `unknown-destination`, `forbidden`, `bad-header`, `limit`, `taken-over`; `error` for an ERROR, `other-user` for a message somebody else wrote. */
    readonly code: string;
}
/** It may have arrived or not, and sending it again could double it. */
export class UnknownOutcomeError extends Error {}
/** Too many messages wait for their receipts. */
export class OutboxFullError extends Error {}
