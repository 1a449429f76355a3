// Boost Software License 1.0, see LICENSE

// The page: first a name and a room, then the chat. The part of the address behind # names the conversation, so that a link leads into it.
import { placeAt, roomAddress, roomName } from './address.js';
import { Chat } from './chat.js';
import { lastName, visit } from './storage.js';
import { View } from './view.js';

const get = id => document.getElementById(id);
const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;

let chat = null;
let view = null;

function wantedRoom() {
    const place = placeAt(location.hash);
    return place?.kind === 'room' ? place.name : 'lobby';
}

function showLogin(problem = '') {
    get('chat').hidden = true;
    get('welcome').hidden = false;
    get('login-problem').hidden = problem === '';
    get('login-problem').textContent = problem;
    get('first-room').value = wantedRoom();
    get('name').focus();
    get('name').select();
}

function leave(problem) {
    visit.set(null);
    view?.close();
    chat?.stop();
    chat = view = null;
    showLogin(problem);
}

function remember(name) {
    visit.set({ name, open: [...chat.conversations.keys()] });
}

function enter(name, addresses) {
    chat = new Chat(socketUrl, name, {
        changed: (what, conversation) => {
            if (what === 'list' && chat) remember(name);
            view?.changed(what, conversation);
        },
        loginRefused: reason => leave(`This name was refused: ${reason}`),
    });
    view = new View(chat, { logout: () => leave('') });
    get('welcome').hidden = true;
    get('chat').hidden = false;
    const places = addresses.map(placeAt).filter(place => place !== null);
    for (const place of places) chat.open(place);
    const wanted = placeAt(location.hash) ?? places.at(-1) ?? { kind: 'room', name: 'lobby' };
    chat.open(wanted);
    history.replaceState(null, '', chat.current.address);
    chat.start();
    get('composer').focus();
}

get('login').addEventListener('submit', event => {
    event.preventDefault();
    const name = get('name').value.trim();
    const room = roomName(get('first-room').value);
    if (!room) return get('first-room').focus();
    lastName.set(name);
    history.replaceState(null, '', roomAddress(room));
    enter(name, []);
});

addEventListener('hashchange', () => {
    const place = placeAt(location.hash);
    if (chat && place) chat.open(place);
    else if (!chat && place?.kind === 'room') get('first-room').value = place.name;
});

addEventListener('beforeunload', event => {
    if (chat?.unsaid) event.preventDefault();
});

get('name').value = lastName.get();
const before = visit.get();
if (before) enter(before.name, before.open ?? []);
else showLogin();
