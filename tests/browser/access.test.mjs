// Boost Software License 1.0, see LICENSE

// The page for those who do not see it well, or at all: the rules of axe-core, in each state and both colour schemes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { require, Server } from '../support/js/server.mjs';
import { freshRoom, pageOf, Person, stand } from './browser.mjs';

const here = stand();
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

async function check(person, what) {
    await person.page.evaluate(axe);
    const { violations } = await person.page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
    const found = violations.map(({ id, help, nodes }) => `${what}: ${id}, ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
    assert.deepEqual(found, []);
}

for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries({ desk: { width: 1100, height: 700 }, phone: { width: 390, height: 800 } })) {
        test(`everything can be read and used: ${colorScheme}, ${size}`, async t => {
            const node = await Server.start(['--listen', '127.0.0.1:0']);
            t.after(() => node.kill());
            const room = freshRoom();
            const address = pageOf(node, room);
            const bob = await Person.enter(t, here.browser, address, 'Bob');
            const ann = await Person.open(t, here.browser, address, { viewport, colorScheme });
            await check(ann, 'the first page');
            await ann.page.fill('#name', 'Ann');
            await ann.page.press('#name', 'Enter');
            await ann.online();
            await check(ann, 'an empty room');
            await bob.say('Hello');
            await ann.say('Hi');
            await bob.join('@Ann');
            await bob.say('psst');
            await ann.page.waitForSelector('#directs .count');
            await ann.sees('Hi');
            await check(ann, 'a room with messages');
            if (size === 'phone') {
                await ann.page.click('#people-toggle');
                await check(ann, 'the people');
                await ann.page.keyboard.press('Escape');
            }
            await node.kill();
            await ann.offline();
            await ann.say('kept');
            await check(ann, 'without a connection');
        });
    }
}
