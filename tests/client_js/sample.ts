// Boost Software License 1.0, see LICENSE

// Not run: the declarations must accept what is right here, and refuse what is wrong.
import {
    ChatClient, OutboxFullError, RefusedError, UnknownOutcomeError, userDestination,
    type Live, type Participants, type Presence, type State, type Subscription, type Typing,
} from '@stompchat/client';

const chat = new ChatClient({
    urls: ['wss://a/ws', 'wss://b/ws'],
    login: 'ann',
    headers: async () => ({ authorization: 'Bearer token' }),
    outbox: { limit: 100, storage: window.localStorage, name: 'ann' },
    webSocket: (url, protocols) => new WebSocket(url, protocols),
    stomp: { heartbeatIncoming: 5000, debug: text => console.log(text) },
});
const off: () => void = chat.on('state', (state: State) => {
    if (state.name === 'waiting') console.log(state.retryAt - Date.now(), state.reason, state.refused);
    if (state.name === 'online') console.log(state.user, state.session);
});
chat.on('failed', (entry, error) => console.log(entry.id, error.message, error instanceof RefusedError && error.code));

const room: Subscription = chat.subscribe('/topic/lobby', {
    history: 10,
    onMessage: (message, { history }) => console.log(message.headers.user, message.body, message.binaryBody.length, history),
    onLive: (live: Live) => console.log(live.recovered ?? 'new', live.history ?? 0),
    onGap: ({ reason, token }) => console.log(reason, token),
    headers: { ack: 'client-individual', 'prefetch-count': '10' },
});
const presence: Presence = chat.presence('lobby', (participants: Participants, { joined }) => console.log(participants.users?.size, joined[0]));
const typing: Typing = chat.typing('/topic/typing/lobby', users => users.join());
const sending = chat.send('/topic/lobby', Uint8Array.of(1), { headers: { mood: 'good' } });
const id: string = sending.id;
sending.then(({ messageId }) => messageId?.length);
const kinds = [OutboxFullError, UnknownOutcomeError].map(kind => new kind('text').message);
chat.setUrls(['wss://c/ws']);
chat.stomp?.begin().commit();

// @ts-expect-error: there is no such event
chat.on('states', () => {});
// @ts-expect-error: only online has a user
chat.on('state', state => state.user);
// @ts-expect-error: a body is text or octets
chat.send('/topic/lobby', { text: 'object' });
// @ts-expect-error: there are no tokens to write
room.token = 'x';
// @ts-expect-error: the list may be missing
presence.participants.users.size;

export { id, kinds, off, typing, userDestination };
