// Boost Software License 1.0, see LICENSE

// Windows at different nodes of a real cluster, over Kafka and Redis: they are one chat, also when a node is killed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nodes, tell } from '../support/js/services.mjs';
import { freshRoom, pageAt, Person, startBrowser } from './browser.mjs';

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser?.close());

const hosts = nodes().map(url => new URL(url).host);
/// A window at a node, which counts from 1.
const enter = (t, node, room, name) => Person.enter(t, browser, pageAt(nodes()[node - 1], room), name, { hosts });
const isAt = (person, node) => person.page.waitForSelector(`#connection[data-state=online] >> text=Connected to node-${node}`);
const knows = (person, ...names) =>
    person.page.waitForFunction(
        wanted => [...document.querySelectorAll('#nodes .node-name')].map(one => one.textContent).join() === wanted,
        names.join(),
    );
const talk = (name, from, to) => Array.from({ length: to - from }, (_, i) => `${name} ${from + i}`);

/// Says all of it, each as soon as the page takes it; calls `reached` after each.
async function sayAll(person, texts, reached = () => {}) {
    for (const text of texts) {
        await person.say(text);
        await reached(text);
    }
}

test('windows at two nodes are one chat, and each names its node', async t => {
    const room = freshRoom();
    const ann = await enter(t, 1, room, 'Ann');
    const bob = await enter(t, 2, room, 'Bob');
    await Promise.all([isAt(ann, 1), isAt(bob, 2)]);
    await Promise.all([ann.seesPeople('Ann', 'Bob'), bob.seesPeople('Ann', 'Bob')]);
    await Promise.all([sayAll(ann, talk('ann', 0, 10)), sayAll(bob, talk('bob', 0, 10))]);
    await ann.say('@ the end');
    for (const person of [ann, bob]) await person.sees('@ the end');
    assert.deepEqual(await ann.texts(), await bob.texts());
    assert.equal((await ann.texts()).length, 21);
    // To one person at the other node.
    await ann.join('@Bob');
    await ann.say('between us');
    await bob.page.waitForSelector('.room-link.unread[href="#@Ann"]');
    await bob.goTo('@Ann');
    await bob.sees('between us');
    for (const person of [ann, bob]) person.nothingWrong();
});

test('a window lists the nodes, and opens its room at another one', async t => {
    const room = freshRoom();
    const ann = await enter(t, 1, room, 'Ann');
    await isAt(ann, 1);
    await knows(ann, 'node-1', 'node-2');
    assert.equal(await ann.page.locator('.node', { hasText: 'this window' }).innerText().then(text => text.split('\n')[0]), 'node-1');
    const [other] = await Promise.all([ann.page.waitForEvent('popup'), ann.page.click('a.node >> text=node-2')]);
    await other.fill('#name', 'Cem');
    await other.press('#name', 'Enter');
    await other.waitForSelector('#connection[data-state=online] >> text=Connected to node-2');
    await other.fill('#composer', 'from the other side');
    await other.press('#composer', 'Enter');
    await ann.sees('from the other side');
    ann.nothingWrong();
});

test('when a node is killed its windows go to another one, and no message is lost or there twice', async t => {
    const room = freshRoom();
    const ann = await enter(t, 1, room, 'Ann');
    const bob = await enter(t, 2, room, 'Bob');
    await Promise.all([isAt(ann, 1), isAt(bob, 2)]);
    await Promise.all([knows(ann, 'node-1', 'node-2'), knows(bob, 'node-1', 'node-2')]);
    let said = 0;
    for (const [killed, left] of [
        [1, 2],
        [2, 1],
    ]) {
        // Both write before, while and after the node dies.
        const count = 60;
        let end;
        const dead = new Promise(resolve => (end = resolve));
        const whenMidway = text => {
            if (text === `ann ${said + 20}`) void tell(`kill node-${killed}`).then(end);
        };
        await Promise.all([sayAll(ann, talk('ann', said, said + count), whenMidway), sayAll(bob, talk('bob', said, said + count))]);
        await dead;
        said += count;
        await Promise.all([isAt(ann, left), isAt(bob, left)]);
        for (const person of [ann, bob]) {
            await person.sees(`ann ${said - 1}`);
            await person.sees(`bob ${said - 1}`);
            const texts = await person.texts();
            for (const name of ['ann', 'bob']) assert.deepEqual(texts.filter(text => text.startsWith(name)), talk(name, 0, said));
            assert.deepEqual(await person.notices(), []);
            assert.deepEqual(await person.pending(), []);
            person.nothingWrong();
        }
        assert.deepEqual(await ann.texts(), await bob.texts(), 'in one order');
        await tell(`start node-${killed}`);
        await Promise.all([knows(ann, 'node-1', 'node-2'), knows(bob, 'node-1', 'node-2')]);
    }
});
