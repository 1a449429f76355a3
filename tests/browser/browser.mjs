// Boost Software License 1.0, see LICENSE

// Windows of Debian's Chromium on the demo page.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { require } from '../support/js/server.mjs';

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

/// One person at the page, in a window with storage of its own.
export class Person {
    /// What the page must not do: errors on the console (a broken content security policy among them), and requests to other hosts.
    problems = [];

    static async open(t, browser, address, options = {}) {
        const person = new Person();
        const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
        t.after(() => context.close());
        context.setDefaultTimeout(15_000);
        person.page = await context.newPage();
        const host = new URL(address).host;
        person.page.on('console', message => {
            // What Chromium says when the server is gone is no fault of the page.
            if (message.type() === 'error' && !/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(message.text()))
                person.problems.push(message.text());
        });
        person.page.on('pageerror', error => person.problems.push(String(error)));
        person.page.on('dialog', dialog => {
            person.problems.push(`dialog: ${dialog.message()}`);
            void dialog.dismiss();
        });
        person.page.on('request', request => {
            if (new URL(request.url()).host !== host) person.problems.push(`request to ${request.url()}`);
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
        return this.page.waitForFunction(name => document.getElementById('room-name').textContent === `# ${name}`, room);
    }

    async say(text) {
        await this.page.fill('#composer', text);
        await this.page.press('#composer', 'Enter');
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

    pending() {
        return this.page.$$eval('#pending .message', all => all.map(one => one.querySelector('.text').textContent));
    }

    nothingWrong() {
        assert.deepEqual(this.problems, []);
    }
}
