// Boost Software License 1.0, see LICENSE

// Lost connections, servers and pages, as one sees them in a window: nothing is missing, nothing is there twice, or the page says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '../support/js/server.mjs';
import { freshRoom, pageOf, Person, stand } from './browser.mjs';

const here = stand();

/// Between a page and the server. While `deaf` what comes back does not arrive, while `dumb` neither what the page says; both end with a break.
async function wire(person) {
    const made = { deaf: false, dumb: false, links: 0, cut: () => {} };
    await person.page.routeWebSocket(/\/ws$/, link => {
        made.links++;
        const upstream = link.connectToServer();
        made.cut = () => void link.close({ code: 1011 });
        upstream.onMessage(message => {
            if (!made.deaf) link.send(message);
        });
        link.onMessage(message => {
            const said = String(message).startsWith('SEND\n') && String(message).includes('destination:/topic/room');
            if (!said || !made.dumb) upstream.send(message);
            if (said && (made.deaf || made.dumb)) setTimeout(made.cut, 300);
        });
    });
    return made;
}

async function wired(t, room, name) {
    const person = await Person.open(t, here.browser, 'about:blank');
    const link = await wire(person);
    await person.page.goto(here.page(room));
    await person.page.fill('#name', name);
    await person.page.press('#name', 'Enter');
    await person.online();
    return [person, link];
}

const retry = person => person.page.click('#retry', { timeout: 2000 }).catch(() => {}); // it may have come back by itself

test('the page comes back when the server is killed and started again, and says that messages may be missing', async t => {
    let node = await Server.start(['--listen', '127.0.0.1:0']);
    t.after(() => node.kill());
    const { host } = new URL(node.url('ws'));
    const room = freshRoom();
    const ann = await Person.enter(t, here.browser, pageOf(node, room), 'Ann');
    const bob = await Person.enter(t, here.browser, pageOf(node, room), 'Bob');
    await ann.say('before');
    await bob.sees('before');

    await node.kill();
    await Promise.all([ann.offline(), bob.offline()]);
    assert.match(await ann.page.textContent('#banner:not([hidden])'), /No connection to the server\. What you write is kept/);
    await ann.say('written meanwhile');
    await ann.page.fill('#composer', 'half a sent');
    assert.deepEqual(await ann.pending(), ['written meanwhile']);
    assert.match(await ann.page.textContent('.pending .state'), /when the connection is back/);

    node = await Server.start(['--listen', host]);
    await retry(bob);
    await bob.online();
    await bob.page.waitForSelector('.notice');
    await retry(ann);
    await ann.online();
    await ann.sees('written meanwhile');
    assert.ok(await ann.page.isHidden('#banner'));
    assert.equal(await ann.page.inputValue('#composer'), 'half a sent');
    await ann.say('after');
    await Promise.all([ann.sees('after'), bob.sees('after')]);
    assert.deepEqual(await ann.texts(), ['before', 'written meanwhile', 'after'], 'what was said before is still there');
    assert.deepEqual(await ann.pending(), []);
    for (const person of [ann, bob]) {
        const notices = await person.notices();
        assert.equal(notices.length, 1);
        assert.match(notices[0], /may be missing/);
        assert.equal((await person.texts()).filter(text => text === 'after').length, 1);
        person.nothingWrong();
    }
    assert.equal(await node.stop(), 0);
});

test('after a broken link the page has everything, in order and once, and claims no gap', async t => {
    const room = freshRoom();
    const ann = await Person.enter(t, here.browser, here.page(room), 'Ann');
    const [bob, link] = await wired(t, room, 'Bob');
    for (let round = 0; round < 3; ++round) {
        await ann.say(`${round} before`);
        await bob.sees(`${round} before`);
        link.cut();
        await bob.offline();
        for (const text of ['a', 'b', 'c']) await ann.say(`${round} ${text}`);
        await ann.sees(`${round} c`);
        await retry(bob);
        await bob.sees(`${round} c`);
    }
    assert.ok(link.links >= 4);
    assert.deepEqual(await bob.texts(), await ann.texts());
    assert.equal((await bob.texts()).length, 12);
    assert.deepEqual(await bob.notices(), []);
});

// A named user sends again, and the server knows the message. An anonymous one is another one then, who sees that it arrived.
for (const [kind, name] of Object.entries({ named: 'Carol', anonymous: '' })) {
    test(`a message whose confirmation is lost is there once: ${kind}`, async t => {
        const room = freshRoom();
        const [ann, bob] = await here.two(t, room);
        const [carol, link] = await wired(t, room, name);
        await carol.say('heard');
        await carol.sees('heard');
        link.deaf = true;
        await carol.say('once');
        await bob.sees('once');
        await carol.offline();
        link.deaf = false;
        await retry(carol);
        await carol.sees('once');
        await ann.say('barrier');
        await carol.sees('barrier');
        for (const person of [bob, carol]) assert.deepEqual(await person.texts(), ['heard', 'once', 'barrier']);
        assert.deepEqual(await carol.pending(), []);
    });
}

test('where nobody can know whether a message arrived, its writer decides', async t => {
    const room = freshRoom();
    const bob = await Person.enter(t, here.browser, here.page(room), 'Bob');
    const [carol, link] = await wired(t, room, ''); // the server does not know an anonymous user again
    link.dumb = true;
    // The server misses her heart-beats from now on. What is said behind their end was never sent, and is not in doubt.
    await carol.sayAtOnce('first', 'second');
    await carol.offline();
    link.dumb = false;
    await retry(carol);
    await carol.page.waitForSelector('.pending.unknown:nth-child(2)');
    assert.deepEqual(await carol.pending(), ['first', 'second']);
    await carol.page.click('.pending:nth-child(1) button:has-text("Discard")');
    await carol.page.click('.pending button:has-text("Send again")');
    await bob.sees('second');
    await carol.sees('second');
    assert.deepEqual(await carol.pending(), []);
    assert.deepEqual(await bob.texts(), ['second']);
});

test('a reload comes back to the same rooms, name, messages and half-written text', async t => {
    const [first, second] = [freshRoom(), freshRoom()];
    const ann = await Person.enter(t, here.browser, here.page(first), 'Ann');
    await ann.say('one');
    await ann.sees('one');
    await ann.join(second);
    await ann.say('two');
    await ann.sees('two');
    await ann.page.fill('#composer', 'half-written');
    await ann.page.reload();
    await ann.online();
    await ann.inRoom(second);
    assert.equal(await ann.page.inputValue('#composer'), 'half-written');
    assert.equal(await ann.page.textContent('#me'), 'Ann');
    assert.equal(await ann.page.locator('.room-link').count(), 2);
    await ann.sees('two');
    await ann.goTo(first);
    await ann.sees('one');
    ann.nothingWrong();
});

test('a reload without a server loses nothing that was said', async t => {
    const room = freshRoom();
    const bob = await Person.enter(t, here.browser, here.page(room), 'Bob');
    const [ann, link] = await wired(t, room, 'Ann');
    link.cut();
    await ann.offline();
    await ann.say('said without a server');
    assert.deepEqual(await ann.pending(), ['said without a server']);
    await ann.page.reload();
    await bob.sees('said without a server');
    await ann.sees('said without a server');
    assert.deepEqual(await ann.pending(), []);
    assert.deepEqual(await bob.texts(), ['said without a server']);
});
