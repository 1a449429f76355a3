// Boost Software License 1.0, see LICENSE

// A STOMP server that does what it is told: for answers that a real one gives rarely.
import { require } from '../support/js/server.mjs';

const { WebSocketServer } = require('ws');

function parse(text) {
    const end = text.indexOf('\n\n');
    const [command, ...lines] = text.slice(0, end).split('\n');
    const headers = Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
    return { command, headers, body: text.slice(end + 2, text.lastIndexOf('\0')) };
}

export class ScriptedServer {
    frames = []; // all that came: {command, headers, body}
    userOf = login => login;
    #server;
    #connections = 0;

    /** `answer(frame, peer, connection)` is called for all but CONNECT, which is accepted; `connection` counts from 0. A `peer` can
        send(command, headers, body) and close(code, reason). */
    static async start(t, answer) {
        const made = new ScriptedServer();
        made.#server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: protocols => [...protocols][0] });
        await new Promise(resolve => made.#server.once('listening', resolve));
        made.url = `ws://127.0.0.1:${made.#server.address().port}/ws`;
        t.after(() => {
            for (const socket of made.#server.clients) socket.terminate();
            made.#server.close();
        });
        made.#server.on('connection', socket => made.#accept(socket, answer, made.#connections++));
        return made;
    }

    of(command) {
        return this.frames.filter(frame => frame.command === command);
    }

    #accept(socket, answer, connection) {
        const peer = {
            send(command, headers = {}, body = '') {
                const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
                socket.send(`${command}\n${lines.join('')}\n${body}\0`);
            },
            receipt: (frame, headers = {}) => peer.send('RECEIPT', { 'receipt-id': frame.headers.receipt, ...headers }),
            message: (id, frame, headers = {}, body = id) =>
                peer.send('MESSAGE', { 'message-id': id, subscription: frame.headers.id, destination: frame.headers.destination, ...headers }, body),
            close: (code, reason) => socket.close(code, reason),
        };
        socket.on('message', data => {
            const text = data.toString('utf8');
            if (text.trim() === '') return;
            const frame = parse(text);
            this.frames.push(frame);
            if (frame.command === 'CONNECT') {
                peer.send('CONNECTED', { version: '1.2', 'user-name': this.userOf(frame.headers.login ?? ''), 'soft-errors': 'true' });
            } else if (frame.command === 'DISCONNECT') {
                peer.receipt(frame);
            } else {
                answer(frame, peer, connection);
            }
        });
    }
}
