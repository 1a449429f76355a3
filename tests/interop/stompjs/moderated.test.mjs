// Boost Software License 1.0, see LICENSE

// The node of examples/moderated: what docs/embedding.md tells of it is true.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../../support/js/client.mjs';
import { Server } from '../../support/js/server.mjs';

test('the moderated node greets, moderates, announces, tells who is there, and shows people the door', async t => {
    const node = await Server.start(['127.0.0.1:0']);
    t.after(() => node.kill());
    const where = { url: node.url('ws') };
    const enter = login => TestClient.connect(t, where, { connectHeaders: { login, passcode: 'open sesame' } });
    await assert.rejects(TestClient.connect(t, where, { connectHeaders: { login: 'eve', passcode: 'please' } }), /refused/);

    const ann = await enter('ann');
    const mia = await enter('mia');
    const lobby = await ann.subscribe('/topic/lobby');
    await lobby.atLeast(1);
    await mia.subscribe('/topic/lobby');
    await lobby.atLeast(2);
    for (const body of ['hello', 'darn', 'look: http://example.org']) await ann.send('/topic/lobby', body);
    await mia.send('/app/announce', 'tea is served');
    await lobby.atLeast(6);
    assert.deepEqual(lobby.bodies, ['ann has come in', 'mia has come in', 'hello', 'd***', 'look: http://example.org', 'tea is served']);
    assert.equal(lobby.all[5].headers.user, 'the house');
    assert.equal(lobby.all[5].headers.kind, 'announcement');

    const replies = await ann.subscribe('/session/queue/replies');
    await ann.send('/app/who', '/topic/lobby');
    await replies.atLeast(1);
    assert.deepEqual(replies.bodies, ['ann\nmia\n']);

    const bob = await enter('bob');
    bob.stomp.publish({ destination: '/topic/lobby', body: 'http://casino' });
    assert.match((await bob.refusal()).frame.body, /not allowed here/);
    const eve = await enter('eve');
    eve.stomp.publish({ destination: '/app/kick', body: 'ann' });
    assert.match((await eve.refusal()).frame.body, /only moderators/);
    const staff = await enter('sue');
    staff.stomp.subscribe('/topic/staff', () => {});
    assert.match((await staff.refusal()).frame.body, /may not subscribe/);

    await mia.send('/app/kick', 'ann');
    const { frame, close } = await ann.refusal();
    assert.match(frame.body, /shown you the door/);
    assert.equal(close.code, 1008);
    assert.equal(await node.stop(), 0);
    assert.match(node.log, /ann has left: disconnected by the service/);
});
