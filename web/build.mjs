// Boost Software License 1.0, see LICENSE

// node build.mjs <source folder> <folder with node_modules> <folder of the client> <output folder>
//
// Bundles the demo page with @stompchat/client. Scripts and styles get a hash of their content in their names, so that a browser may keep them for ever.
import { createRequire } from 'node:module';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const [source, packages, client, output] = process.argv.slice(2).map(path => resolve(path));
const { build } = createRequire(join(packages, 'package.json'))('esbuild');

const result = await build({
    entryPoints: { app: join(source, 'main.js'), style: join(source, 'style.css') },
    entryNames: '[name]-[hash]',
    outdir: output,
    nodePaths: [join(packages, 'node_modules')],
    alias: { '@stompchat/client': join(client, 'src', 'index.js') },
    bundle: true,
    minify: true,
    charset: 'utf8',
    format: 'esm',
    target: ['es2021', 'chrome100', 'firefox100', 'safari15'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
});

const names = Object.keys(result.metafile.outputs).map(path => basename(path));
const nameOf = extension => names.find(name => name.endsWith(extension));
mkdirSync(output, { recursive: true });
const page = readFileSync(join(source, 'index.html'), 'utf8')
    .replace('"main.js"', `"/${nameOf('.js')}"`)
    .replace('"style.css"', `"/${nameOf('.css')}"`);
writeFileSync(join(output, 'index.html'), page);
copyFileSync(join(source, 'favicon.svg'), join(output, 'favicon.svg'));

const library = join(packages, 'node_modules', '@stomp', 'stompjs');
const { version } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
writeFileSync(
    join(output, 'licenses.txt'),
    `This page contains @stomp/stompjs ${version}, https://github.com/stomp-js/stompjs, under this license:\n\n` +
        readFileSync(join(library, 'LICENSE'), 'utf8'),
);
