// Boost Software License 1.0, see LICENSE

// Receipts, acknowledgements and transactions with stompjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshRoom, sleep, TestClient } from '../../support/js/client.mjs';
import { Server } from '../../support/js/server.mjs';

let server;
let where;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0']);
    where = { url: server.url('ws') };
});
after(async () => assert.equal(await server.stop(), 0));

test('SUBSCRIBE, SEND, ACK, UNSUBSCRIBE and DISCONNECT get receipts', async t => {
    const room = freshRoom();
    const client = await TestClient.connect(t, where);
    const inbox = await client.subscribe(room, { ack: 'client-individual' });
    const receipt = await client.send(room, 'x');
    const [message] = await inbox.atLeast(1);
    assert.equal(receipt.headers['message-id'], message.headers['message-id'], 'the RECEIPT of SEND tells the id');
    await client.receipt('ACK', id => message.ack({ receipt: id }));
    await client.receipt('UNSUBSCRIBE', id => inbox.subscription.unsubscribe({ receipt: id }));
    // stompjs sends DISCONNECT with a receipt and tells when that came.
    let disconnected = false;
    client.stomp.onDisconnect = () => (disconnected = true);
    await client.stomp.deactivate();
    assert.ok(disconnected);
    assert.equal(client.errors.all.length, 0);
});

test('a message that was sent after the RECEIPT of SUBSCRIBE is never missed', async t => {
    const client = await TestClient.connect(t, where);
    const other = await TestClient.connect(t, where);
    for (let i = 0; i < 50; ++i) {
        const room = freshRoom();
        const inbox = await client.subscribe(room);
        other.stomp.publish({ destination: room, body: 'x' });
        await inbox.atLeast(1);
    }
});

test('in client mode an ACK covers everything before it', async t => {
    const room = freshRoom();
    const client = await TestClient.connect(t, where);
    const inbox = await client.subscribe(room, { ack: 'client', 'prefetch-count': '3' });
    for (let i = 0; i < 6; ++i) await client.send(room, `${i}`);
    await inbox.atLeast(3);
    await sleep(200);
    assert.deepEqual(inbox.bodies, ['0', '1', '2'], 'the window is full');
    inbox.all[2].ack();
    await inbox.atLeast(6);
    assert.deepEqual(inbox.bodies, ['0', '1', '2', '3', '4', '5']);
});

test('in client-individual mode an ACK or NACK frees one place', async t => {
    const room = freshRoom();
    const client = await TestClient.connect(t, where);
    const inbox = await client.subscribe(room, { ack: 'client-individual', 'prefetch-count': '2' });
    for (let i = 0; i < 5; ++i) await client.send(room, `${i}`);
    await inbox.atLeast(2);
    inbox.all[1].ack();
    await inbox.atLeast(3);
    await sleep(200);
    assert.equal(inbox.all.length, 3, 'one place, one message');
    inbox.all[0].nack();
    await inbox.atLeast(4);
    inbox.all[2].ack();
    await inbox.atLeast(5);
    assert.deepEqual(inbox.bodies, ['0', '1', '2', '3', '4']);
});

test('a committed transaction arrives whole and in order, an aborted one not at all', async t => {
    const room = freshRoom();
    const client = await TestClient.connect(t, where);
    const inbox = await client.subscribe(room);
    const send = (transaction, body) =>
        client.send(room, body, { headers: transaction ? { transaction: transaction.id } : {} });

    const kept = client.stomp.begin();
    const dropped = client.stomp.begin();
    await send(kept, 'a');
    await send(dropped, 'never');
    await send(kept, 'b');
    await send(null, 'outside');
    await inbox.atLeast(1);
    assert.deepEqual(inbox.bodies, ['outside'], 'nothing of a transaction comes before its COMMIT');
    dropped.abort();
    kept.commit();
    await inbox.atLeast(3);
    await send(null, 'last');
    await inbox.atLeast(4);
    assert.deepEqual(inbox.bodies, ['outside', 'a', 'b', 'last']);
});

test('an ACK within a transaction counts when that is committed', async t => {
    const room = freshRoom();
    const client = await TestClient.connect(t, where);
    const inbox = await client.subscribe(room, { ack: 'client', 'prefetch-count': '1' });
    await client.send(room, 'first');
    await client.send(room, 'second');
    await inbox.atLeast(1);
    const transaction = client.stomp.begin();
    await client.receipt('ACK', receipt => inbox.all[0].ack({ transaction: transaction.id, receipt }));
    await sleep(200);
    assert.deepEqual(inbox.bodies, ['first']);
    transaction.commit();
    await inbox.atLeast(2);
});

test('/app/echo answers the sender alone', async t => {
    const client = await TestClient.connect(t, where);
    const other = await TestClient.connect(t, where);
    const replies = await client.subscribe('/session/queue/replies');
    const strangers = await other.subscribe('/session/queue/replies');
    await client.send('/app/echo', 'héllo', { headers: { 'content-type': 'text/x-test', 'correlation-id': 'c-1' } });
    const [reply] = await replies.atLeast(1);
    assert.equal(reply.body, 'héllo');
    assert.equal(reply.headers['content-type'], 'text/x-test');
    assert.equal(reply.headers['correlation-id'], 'c-1');
    assert.match(reply.headers['message-id'], /^s-/, 'it is not in the log');
    await other.send('/app/echo', 'mine');
    await strangers.atLeast(1);
    assert.deepEqual(strangers.bodies, ['mine']);

    const once = await client.subscribe('/app/echo');
    const [answer] = await once.atLeast(1);
    assert.equal(answer.headers.destination, '/app/echo');
});
