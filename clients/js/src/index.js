// Boost Software License 1.0, see LICENSE

// Chat over STOMP and WebSocket, on top of @stomp/stompjs. README.md shows it, index.d.ts says it exactly.
export { ChatClient, userDestination } from './chat_client.js';
export { OutboxFullError, RefusedError, UnknownOutcomeError } from './errors.js';
export { Participants } from './presence.js';
