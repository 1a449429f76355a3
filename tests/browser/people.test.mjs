// Boost Software License 1.0, see LICENSE

// Who is there, what a newcomer finds, who writes to whom, and who is typing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '../support/js/server.mjs';
import { freshRoom, pageOf, Person, stand } from './browser.mjs';

const here = stand();

test('who comes later sees what was said before, and it is no news', async t => {
    const room = freshRoom();
    const ann = await Person.enter(t, here.browser, here.page(room), 'Ann');
    for (const text of ['one', 'two']) await ann.say(text);
    await ann.sees('two');
    const bob = await Person.enter(t, here.browser, here.page(freshRoom()), 'Bob');
    await bob.join(room);
    await bob.sees('two');
    assert.deepEqual(await bob.texts(), ['one', 'two']);
    assert.equal(await bob.page.locator('.count').count(), 0);
    await ann.say('three');
    await bob.sees('three');
    assert.deepEqual(await bob.texts(), ['one', 'two', 'three']);
});

test('direct messages reach the one person, count as unread, and wait for who is away', async t => {
    const room = freshRoom();
    const [ann, bob] = await here.two(t, room);
    const carol = await Person.enter(t, here.browser, here.page(room), 'Carol');
    await ann.join('@Bob');
    await ann.say('psst');
    await ann.sees('psst');
    await bob.page.waitForSelector('#directs .room-link.unread .count');
    assert.match(await bob.page.title(), /^\(1\)/);
    await bob.goTo('@Ann');
    await bob.sees('psst');
    assert.equal(await bob.page.locator('.count').count(), 0);
    await bob.say('yes?');
    await ann.sees('yes?');
    assert.deepEqual(await ann.texts(), ['psst', 'yes?']);
    assert.deepEqual((await bob.messages()).map(({ author, own, text }) => [author, own, text]), [
        ['Ann', false, 'psst'],
        ['Bob', true, 'yes?'],
    ]);

    const away = `Dora ${room}`;
    await ann.join(`@${away}`);
    await ann.say('when you are back');
    await ann.sees('when you are back');
    const dora = await Person.enter(t, here.browser, here.page(room), away);
    await dora.goTo('@Ann');
    await dora.sees('when you are back');
    assert.equal(await carol.page.locator('#directs a').count(), 0, 'nobody else sees any of it');
    for (const person of [ann, bob, carol, dora]) person.nothingWrong();
});

test('the windows of one user have the same direct messages, and so has a window after a reload', async t => {
    const room = freshRoom();
    const me = `Ann ${room}`;
    const you = `Bob ${room}/%`;
    const one = await Person.enter(t, here.browser, here.page(room), me);
    const other = await Person.enter(t, here.browser, here.page(room), me);
    await one.join(`@${you}`);
    await one.say('from one window');
    await one.sees('from one window');
    await other.goTo(`@${you}`);
    await other.sees('from one window');
    assert.ok((await other.messages())[0].own);
    await other.page.reload();
    await other.inRoom(`@${you}`);
    await other.sees('from one window');
    assert.deepEqual(await one.texts(), ['from one window']);
});

test('a link leads to a person', async t => {
    const room = freshRoom();
    const ann = await Person.enter(t, here.browser, here.page(room), `Ann ${room}`);
    await ann.page.evaluate(() => (location.hash = '#@Bob%20%2F%20B'));
    await ann.inRoom('@Bob / B');
    await ann.page.click('#leave-room');
    await ann.inRoom(room);
    assert.equal(await ann.page.locator('#directs a').count(), 0);
});

test('one sees who is typing, until it is said or given up', async t => {
    const room = freshRoom();
    const [ann, bob] = await here.two(t, room);
    const typing = text => bob.page.waitForFunction(wanted => document.getElementById('writers-text').textContent === wanted, text);
    await ann.page.locator('#composer').pressSequentially('Hel');
    await typing('Ann is typing');
    assert.equal(await ann.page.textContent('#writers-text'), '', 'nobody is told about oneself');
    await ann.say('Hello');
    await bob.sees('Hello');
    await typing('');
    await ann.page.locator('#composer').pressSequentially('x');
    await typing('Ann is typing');
    await ann.page.close();
    await typing('');
    bob.nothingWrong();
});

test('one sees who is in the room, who comes and who goes, and a click leads to them', async t => {
    const room = freshRoom();
    const ann = await Person.enter(t, here.browser, here.page(room), 'Ann');
    await ann.seesPeople('Ann');
    const bob = await Person.enter(t, here.browser, here.page(room), 'Bob');
    const again = await Person.enter(t, here.browser, here.page(room), 'Bob');
    for (const person of [ann, bob]) await person.seesPeople('Ann', 'Bob');
    await ann.page.waitForSelector('.event:has-text("Bob joined")');
    assert.equal(await ann.page.textContent('#people-title'), '2 people');
    await again.page.click('#logout');
    await ann.page.click('#people a:has-text("Bob")');
    await ann.inRoom('@Bob');
    assert.equal(await ann.page.locator('#directs .dot.here').count(), 1);
    assert.ok(await ann.page.isHidden('#people-panel'), 'there are only two in it');
    await bob.page.click('#leave-room');
    await ann.page.waitForSelector('#directs .dot.away');
    await ann.goTo(room);
    await ann.seesPeople('Ann');
    assert.deepEqual(await ann.page.$$eval('.event', all => all.map(one => one.textContent.replace(/ [\d:]+ ?[AP]?M?$/, ''))), ['Bob joined', 'Bob left']);
    for (const person of [ann, bob]) person.nothingWrong();
});

test('people come and go when the server does, without a word about it', async t => {
    let node = await Server.start(['--listen', '127.0.0.1:0']);
    t.after(() => node.kill());
    const { host } = new URL(node.url('ws'));
    const room = freshRoom();
    const ann = await Person.enter(t, here.browser, pageOf(node, room), 'Ann');
    const bob = await Person.enter(t, here.browser, pageOf(node, room), 'Bob');
    await ann.seesPeople('Ann', 'Bob');
    const before = await ann.page.locator('.event').count();
    await node.kill();
    await ann.page.waitForSelector('#people-panel.stale');
    assert.ok(await ann.page.isVisible('#people-stale'));
    node = await Server.start(['--listen', host]);
    await ann.page.waitForSelector('#people-panel:not(.stale)');
    await bob.online();
    await ann.seesPeople('Ann', 'Bob');
    assert.equal(await ann.page.locator('.event').count(), before);
    for (const person of [ann, bob]) person.nothingWrong();
});

test('on a phone the people are in a sheet, which the keyboard opens and closes, too', async t => {
    const phone = { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true };
    const room = freshRoom();
    const ann = await Person.enter(t, here.browser, here.page(room), 'Ann', phone);
    const bob = await Person.enter(t, here.browser, here.page(room), 'Bob');
    await ann.page.waitForSelector('#people-toggle:has-text("2 people")');
    assert.ok(await ann.page.isHidden('#people-panel'));
    await ann.page.tap('#people-toggle');
    assert.ok(await ann.page.isVisible('#people a:has-text("Bob")'));
    assert.equal(await ann.page.evaluate(() => document.activeElement.id), 'people-close');
    await ann.page.keyboard.press('Escape');
    assert.ok(await ann.page.isHidden('#people-panel'));
    assert.equal(await ann.page.evaluate(() => document.activeElement.id), 'people-toggle');
    await ann.page.keyboard.press('Enter');
    await ann.page.tap('#people a:has-text("Bob")');
    await ann.inRoom('@Bob');
    assert.ok(await ann.page.isHidden('#people-panel'));
    for (const person of [ann, bob]) person.nothingWrong();
});
