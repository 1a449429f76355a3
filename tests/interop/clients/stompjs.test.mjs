// Boost Software License 1.0, see LICENSE

// @stomp/stompjs 7, with what is tried with every client. ../stompjs has more about it.
import { Inbox, TestClient, Versions } from '../../support/js/client.mjs';
import { start, suite } from './suite.mjs';

class SuiteClient {
    unhandled = new Inbox();

    constructor(t, to, { version, login, heartBeat = [0, 0] } = {}) {
        this.inner = new TestClient(t, to, {
            connectHeaders: login === undefined ? {} : { login },
            stompVersions: new Versions(version ? [version] : ['1.2', '1.1', '1.0']),
            heartbeatOutgoing: heartBeat[0],
            heartbeatIncoming: heartBeat[1],
            onUnhandledMessage: message => this.unhandled.push(message),
        });
    }

    get connected() {
        return this.inner.connected.then(frame => frame.headers);
    }

    get socket() {
        return this.inner.stomp.webSocket;
    }

    get errors() {
        return this.inner.errors;
    }

    get closes() {
        return this.inner.closes;
    }

    receipt(what, send) {
        return this.inner.receipt(what, send).then(frame => frame.headers);
    }

    async subscribe(destination, headers) {
        const inbox = await this.inner.subscribe(destination, headers);
        inbox.leave = () => inbox.subscription.unsubscribe();
        return inbox;
    }

    publish(destination, body, headers) {
        this.inner.stomp.publish({ destination, body, headers });
    }

    send(destination, body, headers = {}) {
        return this.inner.send(destination, body, { headers }).then(frame => frame.headers);
    }

    begin() {
        return this.inner.stomp.begin();
    }

    leave() {
        return this.inner.stomp.deactivate();
    }
}

const make = (t, to, options) => new SuiteClient(t, to, options);
suite({ name: 'stompjs 7', versions: ['1.0', '1.1', '1.2'], make }, await start());
