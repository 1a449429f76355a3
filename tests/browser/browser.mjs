// Boost Software License 1.0, see LICENSE

// Windows of Debian's Chromium on the demo page.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import { require, Server } from '../support/js/server.mjs';

const { chromium } = require('playwright-core');

const program = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];

export async function startBrowser() {
    assert.ok(program, 'Chromium is needed: apt-get install chromium');
    return chromium.launch({ executablePath: program, args: flags, timeout: 30_000 });
}

let rooms = 0;
export const freshRoom = () => `room-${rooms++}`;

/// The address of the page of a node, in a room.
export const pageOf = (node, room) => pageAt(node.url('ws'), room);
export const pageAt = (url, room) => `${url.replace(/^ws/, 'http').replace(/\/ws$/, '/')}#${encodeURIComponent(room)}`;

/// Says that the tests of a file need a browser and a server.
export function stand() {
    const made = {
        /// The page in a room.
        page: room => pageOf(made.server, room),
        /// Ann and Bob in a room.
        async two(t, room, options) {
            return [
                await Person.enter(t, made.browser, made.page(room), 'Ann', options),
                await Person.enter(t, made.browser, made.page(room), 'Bob', options),
            ];
        },
    };
    before(async () => {
        made.server = await Server.start(['--listen', '127.0.0.1:0']);
        made.browser = await startBrowser();
    });
    after(async () => {
        await made.browser?.close();
        if (made.server) assert.equal(await made.server.stop(), 0);
    });
    return made;
}

/// One person at the page, in a window with storage of its own.
export class Person {
    /// What the page must not do: errors on the console (a broken content security policy among them), and requests to other hosts.
    problems = [];

    /// `hosts` are those besides the page's own that it may talk to: the other nodes.
    static async open(t, browser, address, { hosts = [], ...options } = {}) {
        const person = new Person();
        const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
        t.after(() => context.close());
        context.setDefaultTimeout(15_000);
        person.page = await context.newPage();
        const allowed = new Set([new URL(address).host, ...hosts]);
        person.page.on('console', message => {
            // What Chromium says when the server is gone is no fault of the page.
            if (message.type() === 'error' && !/WebSocket connection to|ERR_CONNECTION_(REFUSED|RESET)/.test(message.text()))
                person.problems.push(message.text());
        });
        person.page.on('pageerror', error => person.problems.push(String(error)));
        person.page.on('dialog', dialog => {
            // Who closes a window with messages that wait is asked.
            if (dialog.type() === 'beforeunload') return void dialog.accept();
            person.problems.push(`dialog: ${dialog.message()}`);
            void dialog.dismiss();
        });
        person.page.on('request', request => {
            if (!allowed.has(new URL(request.url()).host)) person.problems.push(`request to ${request.url()}`);
        });
        await person.page.goto(address);
        return person;
    }

    /// Opens the page, takes a name and enters.
    static async enter(t, browser, address, name, options = {}) {
        const person = await Person.open(t, browser, address, options);
        await person.page.fill('#name', name);
        await person.page.press('#name', 'Enter');
        await person.online();
        return person;
    }

    online() {
        return this.page.waitForSelector('#connection[data-state=online]');
    }

    offline() {
        return this.page.waitForSelector('#connection[data-state=waiting]');
    }

    async join(room) {
        await this.page.fill('#room', room);
        await this.page.press('#room', 'Enter');
        await this.inRoom(room);
    }

    inRoom(room) {
        return this.page.waitForFunction(name => document.getElementById('room-name').textContent === name, room.startsWith('@') ? `@ ${room.slice(1)}` : `# ${room}`);
    }

    async say(text) {
        await this.page.fill('#composer', text);
        await this.page.press('#composer', 'Enter');
    }

    /// Says all of it in one turn of the page, however slow the machine is.
    async sayAtOnce(...texts) {
        await this.page.evaluate(all => {
            const composer = document.querySelector('#composer');
            for (const text of all) {
                composer.value = text;
                composer.form.requestSubmit();
            }
        }, texts);
    }

    /// Waits until the room shows a message of that text.
    async sees(text) {
        await this.page.waitForFunction(
            wanted => [...document.querySelectorAll('#entries .text')].some(one => one.textContent === wanted),
            text,
        );
    }

    /// What the room shows: [{author, text, own, time}].
    messages() {
        return this.page.$$eval('#entries .message', all =>
            all.map(one => ({
                author: one.querySelector('.author').textContent,
                text: one.querySelector('.text').textContent,
                own: one.classList.contains('own'),
                time: one.querySelector('time').dateTime,
            })),
        );
    }

    async texts() {
        return (await this.messages()).map(message => message.text);
    }

    /// Goes to a conversation of the list: 'lobby', or '@Bob'.
    async goTo(place) {
        await this.page.click(`.room-link[href="#${place.startsWith('@') ? `@${encodeURIComponent(place.slice(1))}` : encodeURIComponent(place)}"]`);
        await this.inRoom(place);
    }

    /// Who the page shows in the room, sorted.
    people() {
        return this.page.$$eval('#people .person-name', all => all.map(one => one.textContent).sort());
    }

    /// Waits until the page shows these people, and nobody else.
    async seesPeople(...names) {
        await this.page.waitForFunction(wanted => {
            const shown = [...document.querySelectorAll('#people .person-name')].map(one => one.textContent);
            return shown.sort().join() === wanted;
        }, names.sort().join());
    }

    notices() {
        return this.page.$$eval('.notice', all => all.map(one => one.textContent));
    }

    pending() {
        return this.page.$$eval('#pending .message', all => all.map(one => one.querySelector('.text').textContent));
    }

    nothingWrong() {
        assert.deepEqual(this.problems, []);
    }
}
