// Boost Software License 1.0, see LICENSE

// The node of examples/custom_broker, whose messages outlive it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestClient } from '../../support/js/client.mjs';
import { Server } from '../../support/js/server.mjs';

test('what was receipted is there after the node was killed, and a client goes on where it was', async t => {
    const folder = mkdtempSync(join(process.env.TEST_TMP, 'custom-broker-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const start = async () => {
        const node = await Server.start(['127.0.0.1:0', join(folder, 'log')]);
        t.after(() => node.kill());
        return { node, connect: login => TestClient.connect(t, { url: node.url('ws') }, { connectHeaders: { login } }) };
    };

    const first = await start();
    const ann = await first.connect('ann');
    const lobby = await ann.subscribe('/topic/lobby');
    for (const body of ['one', 'two', 'three']) await ann.send('/topic/lobby', body);
    await lobby.atLeast(3);
    assert.deepEqual(lobby.bodies, ['one', 'two', 'three']);
    await first.node.kill();

    const second = await start();
    const bob = await second.connect('bob');
    const after = await bob.subscribe('/topic/lobby', { 'resume-after': lobby.all[0].headers['message-id'] });
    await bob.send('/topic/lobby', 'four');
    await after.atLeast(3);
    assert.deepEqual(after.bodies, ['two', 'three', 'four']);
    assert.equal(await second.node.stop(), 0);
});
