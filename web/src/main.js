// Boost Software License 1.0, see LICENSE

// The page: first a name and a room, then the chat. The part of the address behind # names the room, so a link leads into it.
import { Chat, roomName } from './chat.js';
import { lastName, visit } from './storage.js';
import { View } from './view.js';

const get = id => document.getElementById(id);
const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;

let chat = null;
let view = null;

function roomOfAddress() {
    try {
        return roomName(decodeURIComponent(location.hash.slice(1)));
    } catch {
        return null; // a % that encodes nothing
    }
}

function showLogin(problem = '') {
    get('chat').hidden = true;
    get('welcome').hidden = false;
    get('login-problem').hidden = problem === '';
    get('login-problem').textContent = problem;
    get('first-room').value = roomOfAddress() ?? 'lobby';
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
    visit.set({ name, rooms: [...chat.rooms.keys()] });
}

function enter(name, rooms) {
    chat = new Chat(socketUrl, name, {
        changed: (what, room) => {
            if (what === 'rooms') remember(name);
            view?.changed(what, room);
        },
        loginRefused: reason => leave(`This name was refused: ${reason}`),
    });
    view = new View(chat, { logout: () => leave('') });
    get('welcome').hidden = true;
    get('chat').hidden = false;
    for (const room of rooms) chat.open(room);
    const wanted = roomOfAddress() ?? rooms.at(-1) ?? 'lobby';
    history.replaceState(null, '', `#${encodeURIComponent(wanted)}`);
    chat.open(wanted);
    chat.start();
    get('composer').focus();
}

get('login').addEventListener('submit', event => {
    event.preventDefault();
    const name = get('name').value.trim();
    const room = roomName(get('first-room').value);
    if (!room) return get('first-room').focus();
    lastName.set(name);
    history.replaceState(null, '', `#${encodeURIComponent(room)}`);
    enter(name, [room]);
});

addEventListener('hashchange', () => {
    const room = roomOfAddress();
    if (chat && room) chat.open(room);
    else if (!chat && room) get('first-room').value = room;
});

addEventListener('beforeunload', event => {
    if (chat?.unsaid) event.preventDefault();
});

get('name').value = lastName.get();
const before = visit.get();
if (before) enter(before.name, before.rooms ?? []);
else showLogin();
