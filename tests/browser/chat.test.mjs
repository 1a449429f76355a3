// Boost Software License 1.0, see LICENSE

// People chat through a started server, each in a Chromium window.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshRoom, Person, stand } from './browser.mjs';

const here = stand();

test('two people chat: both see who wrote what, when, and in one order', async t => {
    const [ann, bob] = await here.two(t, freshRoom());
    const begin = Date.now();
    await ann.say('Hello Bob!');
    await bob.sees('Hello Bob!');
    await bob.say('Hello Ann!');
    await ann.sees('Hello Ann!');
    for (let i = 0; i < 10; ++i) await Promise.all([ann.say(`a${i}`), bob.say(`b${i}`)]);
    for (const person of [ann, bob]) for (const text of ['a9', 'b9']) await person.sees(text);

    const seenByAnn = await ann.messages();
    const seenByBob = await bob.messages();
    assert.equal(seenByAnn.length, 22);
    assert.deepEqual(
        seenByBob.map(({ author, text, time }) => [author, text, time]),
        seenByAnn.map(({ author, text, time }) => [author, text, time]),
    );
    for (const { author, own, text, time } of seenByAnn) {
        assert.equal(author, text === 'Hello Bob!' || text.startsWith('a') ? 'Ann' : 'Bob');
        assert.equal(own, author === 'Ann');
        assert.ok(Math.abs(Date.parse(time) - begin) < 60_000, time);
    }
    assert.deepEqual(await ann.pending(), [], 'everything is confirmed');
    ann.nothingWrong();
    bob.nothingWrong();
});

test('rooms are apart, count what was not read, and have addresses', async t => {
    const [first, second] = [freshRoom(), `${freshRoom()} / Büro?#%`];
    const [ann, bob] = await here.two(t, first);
    await ann.join(second);
    await bob.say('only here');
    await bob.sees('only here');
    await ann.page.waitForSelector('.room-link.unread .count');
    assert.deepEqual(await ann.texts(), []);
    assert.match(await ann.page.title(), /^\(1\)/);

    await bob.page.goto(here.page(second));
    await bob.inRoom(second);
    await ann.say('in the second');
    await bob.sees('in the second');
    assert.deepEqual(await bob.texts(), ['in the second']);

    await ann.page.click(`.room-link:has-text("${first}")`);
    await ann.sees('only here');
    assert.equal(await ann.page.locator('.count').count(), 0);
    assert.equal(new URL(ann.page.url()).hash, `#${first}`);
    await ann.page.goBack();
    await ann.inRoom(second);

    await ann.page.click('#leave-room');
    await ann.inRoom(first);
    await bob.say('after Ann left');
    await bob.sees('after Ann left');
    assert.deepEqual(await ann.page.$$eval('.room-label', all => all.map(one => one.textContent)), [first]);
    ann.nothingWrong();
    bob.nothingWrong();
});

test('markup in names, rooms and messages stays text', async t => {
    const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const room = `${freshRoom()} <b>`;
    const mallory = await Person.enter(t, here.browser, here.page(room), '<b onclick=alert(3)>M</b>');
    const ann = await Person.enter(t, here.browser, here.page(room), 'Ann');
    await mallory.say(evil);
    await ann.sees(evil);
    assert.equal((await ann.messages())[0].author, '<b onclick=alert(3)>M</b>');
    for (const person of [ann, mallory]) {
        assert.equal(await person.page.locator('#chat b, #entries img, #entries script').count(), 0);
        person.nothingWrong();
    }
});

test('a name that is refused can be mended, and no name is anonymous', async t => {
    const room = freshRoom();
    const eve = await Person.open(t, here.browser, here.page(room));
    await eve.page.fill('#name', 'anonymous-boss');
    await eve.page.press('#name', 'Enter');
    await eve.page.waitForSelector('#login-problem:not([hidden])');
    await eve.page.fill('#name', '');
    await eve.page.press('#name', 'Enter');
    await eve.online();
    await eve.say('who am I?');
    await eve.sees('who am I?');
    const [{ author, own }] = await eve.messages();
    assert.match(author, /^anonymous-/);
    assert.ok(own);
    eve.nothingWrong();
});

test('on a phone everything fits the width', async t => {
    const phone = { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true, colorScheme: 'dark' };
    const room = freshRoom();
    const ann = await Person.open(t, here.browser, here.page(room), phone);
    const fits = async what => {
        const [content, window] = await ann.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.equal(window, 390);
        assert.ok(content <= 390, `${what}: ${content} px wide`);
    };
    await fits('the first page');
    await ann.page.fill('#name', 'Wilhelmina Featherstonehaugh-Cholmondeley the Third');
    await ann.page.tap('#enter');
    await ann.online();
    for (let i = 0; i < 4; ++i) await ann.join(`${room} with quite a long name ${i}`);
    const long = 'donaudampfschifffahrt'.repeat(12);
    await ann.page.fill('#composer', long);
    await ann.page.tap('#send');
    await ann.sees(long);
    await fits('the chat');
    for (const id of ['#composer', '#send', '#logout', '#leave-room', '#room'])
        assert.ok(await ann.page.locator(id).isVisible(), `${id} can be reached`);
    const box = await ann.page.locator('#send').boundingBox();
    assert.ok(box.x + box.width <= 390 && box.height >= 40, 'the button is whole and large enough for a finger');
});

test('the keyboard is enough', async t => {
    const [first, second] = [freshRoom(), freshRoom()];
    const ann = await Person.open(t, here.browser, here.page(first));
    const { keyboard } = ann.page;
    const focus = () => ann.page.evaluate(() => document.activeElement.id);
    assert.equal(await focus(), 'name', 'one can begin to write at once');
    await keyboard.type('Ann');
    await keyboard.press('Tab');
    assert.equal(await focus(), 'first-room');
    await keyboard.press('Tab');
    assert.equal(await focus(), 'enter');
    await keyboard.press('Enter');
    await ann.online();
    assert.equal(await focus(), 'composer');
    await keyboard.type('two');
    await keyboard.press('Shift+Enter');
    await keyboard.type('lines');
    await keyboard.press('Enter');
    await ann.sees('two\nlines');
    for (let i = 0; i < 20 && (await focus()) !== 'room'; ++i) await keyboard.press('Shift+Tab');
    assert.equal(await focus(), 'room');
    await keyboard.type(second);
    await keyboard.press('Enter');
    await ann.inRoom(second);
    assert.equal(await focus(), 'composer');
    await keyboard.press('Alt+ArrowUp');
    await ann.inRoom(first);
    await keyboard.press('Alt+ArrowDown');
    await ann.inRoom(second);
    for (let i = 0; i < 20 && (await focus()) !== 'skip'; ++i) await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    assert.equal(await focus(), 'composer', 'the skip link leads to where one writes');
    await ann.inRoom(second);
    ann.nothingWrong();
});

test('everything has a name for a screen reader, and news are announced', async t => {
    const ann = await Person.enter(t, here.browser, here.page(freshRoom()), 'Ann');
    const unnamed = await ann.page.$$eval('button, input, textarea, a', all =>
        all
            .filter(one => one.checkVisibility() && !(one.ariaLabel || one.textContent.trim() || one.labels?.length))
            .map(one => one.outerHTML),
    );
    assert.deepEqual(unnamed, []);
    assert.equal(await ann.page.locator('[role=log][aria-live=polite]').count(), 1);
    assert.equal(await ann.page.locator('#connection-text[role=status]').textContent(), 'Connected');
});
