// Boost Software License 1.0, see LICENSE

// Real Kafka, Redis and nodes, started by tests/support/python/with_services.py, which says what is in its environment.
import { once } from 'node:events';
import { connect } from 'node:net';

/// The WebSocket addresses of the nodes.
export const nodes = () => process.env.TEST_NODES.split(',');

/// Does something to a part and resolves when it is done: `tell('kill node-1')`. Rejects with what went wrong.
export async function tell(what) {
    const [host, port] = process.env.TEST_SERVICES.split(':');
    const socket = connect(Number(port), host).setEncoding('utf8');
    let answer = '';
    socket.on('data', text => (answer += text));
    socket.write(`${what}\n`);
    await once(socket, 'end');
    if (answer !== 'ok\n') throw new Error(`${what}: ${answer.trim()}`);
}
