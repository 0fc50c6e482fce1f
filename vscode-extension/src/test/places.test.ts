import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { type Surroundings, commandsIn, find, isAtLeast, places, versionIn } from '../places';

let root: string;
before(() => { root = fs.mkdtempSync(path.join(os.tmpdir(), 'places-')); });
after(() => fs.rmSync(root, { recursive: true }));

function around(some: Partial<Surroundings>): Surroundings {
    return { setting: '', folders: [], interpreter: undefined, environment: {}, platform: 'linux', ...some };
}

function program(name: string, text: string): string {
    const file = path.join(root, name, 'bin', 'llmspell');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
}

const HELP = 'usage: llmspell COMMAND …\n\n  run     Run a Lua script.\n  lsp     Be a language server.\n\n`llmspell …`';
const answering = (version: string) => `[ "$1" = --version ] && echo "llmspell ${version}" || cat <<'END'\n${HELP}\nEND`;

test('a setting is the only place', () => {
    const environment = { HOME: '/home/u', PATH: '/usr/bin' };
    assert.deepEqual(places(around({ setting: '~/x/llmspell', environment })), ['/home/u/x/llmspell']);
});

test('the workspace comes before the interpreter, that before the path', () => {
    const found = places(around({ folders: ['/w'], interpreter: '/py/bin/python3', environment: { PATH: '/usr/bin:/py/bin' } }));
    assert.equal(found[0], '/w/.venv/bin/llmspell');
    assert.deepEqual(found.slice(-2), ['/py/bin/llmspell', '/usr/bin/llmspell']);
});

test('on Windows it is an exe among the Scripts', () => {
    const found = places(around({ folders: ['w'], platform: 'win32' }));
    assert.equal(path.basename(found[0] ?? ''), 'llmspell.exe');
    assert.equal(path.basename(path.dirname(found[0] ?? '')), 'Scripts');
});

test('what is found is asked for its version and commands', async () => {
    program('.venv', answering('0.9.0.dev0'));
    const finding = await find(around({ folders: [root] }));
    assert.equal(finding.kind, 'found');
    assert.ok(finding.kind === 'found' && finding.installation.serves.has('lsp') && !finding.installation.serves.has('repl'));
});

test('an old one is told apart', async () => {
    const finding = await find(around({ setting: program('old', answering('0.8.3')) }));
    assert.ok(finding.kind === 'old' && finding.installation.version === '0.8.3');
});

test('one that fails says why', async () => {
    const finding = await find(around({ setting: program('broken', 'echo "no module named llmspell" >&2; exit 1') }));
    assert.ok(finding.kind === 'broken' && finding.reason === 'no module named llmspell');
});

test('another program of that name is no llmspell', async () => {
    const finding = await find(around({ setting: program('other', 'echo hello') }));
    assert.ok(finding.kind === 'broken' && finding.reason.includes('hello'));
});

test('none is missing', async () => {
    assert.deepEqual(await find(around({ folders: ['/nowhere'] })), { kind: 'missing', setting: '' });
    assert.deepEqual(await find(around({ setting: '/nowhere/x' })), { kind: 'missing', setting: '/nowhere/x' });
});

test('versions are compared by number', () => {
    assert.ok(isAtLeast('0.10.0', '0.9'));
    assert.ok(isAtLeast('0.9', '0.9.0'));
    assert.ok(isAtLeast('1.0', '0.9'));
    assert.ok(!isAtLeast('0.8.99', '0.9'));
    assert.equal(versionIn('llmspell 0.9.0.dev0\n'), '0.9.0.dev0');
    assert.deepEqual([...commandsIn(HELP)], ['run', 'lsp']);
});
