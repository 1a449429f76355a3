// Boost Software License 1.0, see LICENSE

// What npm packs, what a user who installs it gets, its types, and that the README and docs/migrating.md tell the truth.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Server } from '../support/js/server.mjs';
import { clientFolder, follow, startClient } from './harness.mjs';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;
const source = join(root, 'clients/js');
const packages = join(process.env.TEST_NPM, 'node_modules');
const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline', '--loglevel=error'];
let server;
let folder;
before(async () => {
    server = await Server.start(['--listen', '127.0.0.1:0']);
    folder = mkdtempSync(join(tmpdir(), 'stompchat-client-'));
});
after(async () => {
    rmSync(folder, { recursive: true, force: true });
    assert.equal(await server.stop(), 0);
});

/// Writes a program for Node that has a global WebSocket.
function writeProgram(program, where, expose = '') {
    const ws = JSON.stringify(join(packages, 'ws/wrapper.mjs'));
    writeFileSync(join(where, 'globals.mjs'), `import { WebSocket } from ${ws};\nglobalThis.WebSocket = WebSocket;\n${expose}\n`);
    writeFileSync(join(where, 'program.mjs'), `import './globals.mjs';\n${program}`);
}

/// Runs it; returns what it prints.
async function runNode(program, where, expose) {
    writeProgram(program, where, expose);
    const { stdout } = await run(process.execPath, [join(where, 'program.mjs')], { timeout: 30_000 });
    return stdout;
}

test('npm packs the sources, their types, the README and the licence, and nothing else', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: source });
    const [{ files, name, version }] = JSON.parse(stdout);
    const modules = ['backoff', 'chat_client', 'connection', 'errors', 'events', 'index', 'outbox', 'presence', 'subscription', 'typing'];
    const wanted = ['LICENSE', 'README.md', 'package.json', 'src/index.d.ts', ...modules.map(one => `src/${one}.js`)];
    assert.deepEqual(files.map(({ path }) => path).sort(), wanted.sort());
    assert.equal(name, '@stompchat/client');
    assert.ok(readFileSync(join(root, 'CHANGELOG.md'), 'utf8').includes(version), 'it has the version of the library');
    assert.equal(readFileSync(join(source, 'LICENSE'), 'utf8'), readFileSync(join(root, 'LICENSE'), 'utf8'));
});

test('the tests use the version of stompjs that the package asks for', () => {
    const { dependencies } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
    assert.deepEqual(Object.keys(dependencies), ['@stomp/stompjs']);
    for (const file of ['tests/npm/package.json', 'web/package.json'])
        assert.equal(`^${JSON.parse(readFileSync(join(root, file), 'utf8')).dependencies['@stomp/stompjs']}`, dependencies['@stomp/stompjs']);
});

test('the tarball installs in an empty folder, and works there', async t => {
    const seen = await follow(startClient(t, server.url('ws'), { login: 'reader' }), '/topic/installed');
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: source });
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}');
    await run('npm', ['install', ...quiet, join(folder, stdout.trim())], { cwd: project });
    const program = `
        import { ChatClient } from '@stompchat/client';
        const chat = new ChatClient({ url: '${server.url('ws')}', login: 'installed' });
        chat.start();
        const { messageId } = await chat.send('/topic/installed', 'it works');
        await chat.stop();
        console.log(messageId);`;
    const printed = await runNode(program, project);
    const [message] = await seen.messages.atLeast(1);
    assert.equal(message.body, 'it works');
    assert.equal(printed.trim(), message.headers['message-id']);
});

test('the declarations fit what is used, and refuse what is wrong', async () => {
    const sample = join(process.env.TEST_NPM, 'client', 'sample.ts');
    copyFileSync(new URL('sample.ts', import.meta.url), sample);
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--lib', 'es2022,dom,dom.iterable'];
    const complaints = await run(process.execPath, [join(packages, 'typescript/bin/tsc'), ...options, sample]).then(
        () => '',
        error => error.stdout,
    );
    assert.equal(complaints, '');
});

test('everything that is exported is declared, and the other way round', async () => {
    const declared = readFileSync(join(clientFolder, 'src/index.d.ts'), 'utf8').matchAll(/^export (?:class|function) (\w+)/gm);
    const exported = Object.keys(await import(join(clientFolder, 'src/index.js')));
    assert.deepEqual([...declared].map(([, name]) => name).sort(), exported.sort());
});

test('what the README shows runs', async t => {
    const blocks = readFileSync(join(source, 'README.md'), 'utf8').matchAll(/^```js\n(.*?)^```$/gms);
    const program = [...blocks].map(([, code]) => code).join('\n').replace(/wss:\/\/\w\.chat\.example\.org\/ws/g, server.url('ws'));
    const bob = startClient(t, server.url('ws'), { login: 'bob' });
    const direct = await follow(bob, '/user/queue/chat');
    await follow(bob, '/topic/lobby');
    const place = join(process.env.TEST_NPM, 'client');
    const printed = await runNode(program, place, 'const nothing = { length: 0, setItem() {}, removeItem() {} };\nglobalThis.sessionStorage = nothing;');
    const lines = printed.trim().split('\n');
    for (const line of ['connecting', 'online', 'ann: Hello!', 'stopped']) assert.ok(lines.includes(line), `${line} in ${printed}`);
    assert.match(printed, /^the server has it as [\w-]+$/m);
    assert.ok(!printed.includes('may be missing'));
    await direct.messages.atLeast(1);
    assert.deepEqual(direct.messages.bodies, ['Only for you']);
});

test('what docs/migrating.md shows as the new code runs, and reaches Bob', async t => {
    const text = readFileSync(join(root, 'docs/migrating.md'), 'utf8');
    const blocks = [...text.matchAll(/^```js\n\/\/ after\n(.*?)^```$/gms)].map(([, code]) => code);
    assert.equal(blocks.length, 3);
    assert.equal([...text.matchAll(/^```js\n\/\/ before$/gm)].length, 2);
    const direct = await follow(startClient(t, server.url('ws'), { login: 'bob' }), '/user/queue/chat', { history: 0 });
    const place = join(process.env.TEST_NPM, 'client');
    const needed = `import { Client } from '@stomp/stompjs';\nimport { ChatClient } from '@stompchat/client';\nconst show = () => {}, reload = show;\n`;
    for (const [i, block] of blocks.entries()) {
        writeProgram(needed + block.replace('wss://chat.example.org/ws', server.url('ws')), place);
        const child = spawn(process.execPath, [join(place, 'program.mjs')], { stdio: 'inherit' });
        t.after(() => child.kill());
        await direct.messages.atLeast(i + 1, `the message of block ${i + 1}`);
        child.kill();
    }
    assert.deepEqual(direct.messages.bodies, ['Hello', 'Hello', 'Only for you']);
});
