// Boost Software License 1.0, see LICENSE

// Starts stompchat-server for tests with JavaScript clients. Environment: TEST_SERVER is the program, TEST_NPM the folder with
// node_modules, TEST_TMP a folder to write into, TEST_SECONDS the time limit of the whole test program.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/// Loads a package that was installed outside the source tree.
export const require = createRequire(join(process.env.TEST_NPM, 'package.json'));

/// What was started and still runs: none of it may outlive the test, however that ends.
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
        for (const child of running) child.kill('SIGKILL');
        process.exit(1);
    });
process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
});

// Before CTest loses patience: it would end this process without a chance to end what it started.
setTimeout(() => {
    console.error(`not ready after ${process.env.TEST_SECONDS} s`);
    process.exit(1);
}, Number(process.env.TEST_SECONDS ?? 100) * 1000).unref();

/// A promise that is rejected when `promise` takes too long.
export function within(milliseconds, what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: not within ${milliseconds} ms`)), milliseconds);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Server {
    log = '';
    urls = [];
    #child;
    #exit;

    /// Starts a server and waits until it listens on `listeners` addresses.
    static async start(args, listeners = 1) {
        const server = new Server();
        // Only what the server is told here: options in the environment of whoever runs the tests are none of it.
        const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STOMPCHAT_')));
        server.#child = spawn(process.env.TEST_SERVER, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
        running.add(server.#child);
        server.#child.stderr.setEncoding('utf8').on('data', text => (server.log += text));
        server.#exit = new Promise(resolve =>
            server.#child.once('close', (code, signal) => {
                running.delete(server.#child);
                resolve(signal ?? code);
            }),
        );
        const listening = new Promise((resolve, reject) => {
            createInterface({ input: server.#child.stdout }).on('line', line => {
                if (line.startsWith('listening ')) server.urls.push(line.slice('listening '.length));
                if (server.urls.length === listeners) resolve();
            });
            void server.#exit.then(how => reject(new Error(`the server ended with ${how}: ${server.log}`)));
        });
        await within(20_000, 'start of the server', listening).catch(async error => {
            await server.kill();
            throw error;
        });
        return server;
    }

    /// The first address of a scheme, for example `wss`.
    url(scheme) {
        return this.urls.find(url => url.startsWith(`${scheme}:`));
    }

    /// Nothing moves in it until `resume()`, and its connections stay: the node that hangs.
    pause() {
        this.#child.kill('SIGSTOP');
    }

    resume() {
        this.#child.kill('SIGCONT');
    }

    /// Stops it in order. Returns the exit code, or the name of the signal that ended it.
    async stop() {
        this.#child.kill('SIGTERM');
        return within(20_000, 'stop of the server', this.#exit).finally(() => this.kill());
    }

    /// Ends it the way a crash does.
    async kill() {
        this.#child.kill('SIGKILL');
        await this.#exit;
    }
}

/// A self-signed certificate for 127.0.0.1: {cert, key}, names of PEM files.
export function makeCertificate() {
    const folder = join(process.env.TEST_TMP, `certificate-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    const cert = join(folder, 'cert.pem');
    const key = join(folder, 'key.pem');
    const subject = ['-subj', '/CN=stompchat test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
    const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', [...how, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    return { cert, key };
}
