// Boost Software License 1.0, see LICENSE

// The node that examples/embedded has in its own program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../../support/js/client.mjs';
import { Server } from '../../support/js/server.mjs';

test('the embedded node serves rooms and its own application, and stops in order', async t => {
    const node = await Server.start(['127.0.0.1:0']);
    t.after(() => node.kill());
    const where = { url: node.url('ws') };
    const ann = await TestClient.connect(t, where, { connectHeaders: { login: 'ann' } });
    const bob = await TestClient.connect(t, where, { connectHeaders: { login: 'bob' } });
    const lobby = await bob.subscribe('/topic/lobby');
    await ann.send('/topic/lobby', 'good morning');
    await ann.send('/app/hello', '');
    await lobby.atLeast(2);
    assert.deepEqual(lobby.bodies, ['good morning', 'ann says hello']);
    const begin = Date.now();
    assert.equal(await node.stop(), 0);
    assert.ok(Date.now() - begin < 1500, 'the program ends with its node, not when a timer of it runs out');
});
