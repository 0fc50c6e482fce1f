import assert from 'node:assert/strict';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { type Finding, type Surroundings, commandsIn, find, isAtLeast, isSame, places, present, versionIn } from '../places';
import { answering, HELP, Programs } from './programs';

const programs = new Programs();
after(() => programs.remove());

function around(some: Partial<Surroundings>): Surroundings {
    return { setting: '', folders: [], interpreter: undefined, environment: {}, platform: 'linux', ...some };
}

const found = async (some: Partial<Surroundings>): Promise<Finding> => (await find(around(some))).finding;

test('a setting is the only place', () => {
    const environment = { HOME: '/home/u', PATH: '/usr/bin' };
    assert.deepEqual(places(around({ setting: '/x/llmspell', folders: ['/w'], environment })), ['/x/llmspell']);
});

test('the setting may begin with the user\'s folder, or name each of the workspace\'s', () => {
    const of = (setting: string) => places(around({ setting, folders: ['/w', '/$&'], environment: { HOME: '/home/u' } }));
    assert.deepEqual(of('~/x/llmspell'), ['/home/u/x/llmspell']);
    assert.deepEqual(of('${workspaceFolder}/v/llmspell'), ['/w/v/llmspell', '/$&/v/llmspell']);
    assert.deepEqual(of('${workspaceFolder}/../v/llmspell'), ['/v/llmspell', '/v/llmspell']);
    assert.deepEqual(of('/opt/llmspell'), ['/opt/llmspell']);
});

test('what is relative in it is in a folder of the workspace, a name alone on the path', () => {
    const of = (setting: string) =>
        places(around({ setting, folders: ['/w'], environment: { PATH: '/usr/bin:/bin', HOME: '/home/u' } }));
    for (const setting of ['v/llmspell', './v/llmspell']) assert.deepEqual(of(setting), ['/w/v/llmspell']);
    assert.deepEqual(of('llmspell-dev'), ['/usr/bin/llmspell-dev', '/bin/llmspell-dev', '/home/u/.local/bin/llmspell-dev']);
});

test('on Windows it may leave out that it is an exe', () => {
    assert.deepEqual(places(around({ setting: '/x/llmspell', platform: 'win32' })), ['/x/llmspell', '/x/llmspell.exe']);
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
    programs.write('.venv', answering('0.9.0.dev0'));
    const finding = await found({ folders: [programs.root] });
    assert.equal(finding.kind, 'found');
    assert.ok(finding.kind === 'found' && finding.installation.serves.has('lsp') && !finding.installation.serves.has('repl'));
});

test('an old one is told apart', async () => {
    const finding = await found({ setting: programs.write('old', answering('0.8.3')) });
    assert.ok(finding.kind === 'old' && finding.installation.version === '0.8.3');
});

test('one that fails says why', async () => {
    const finding = await found({ setting: programs.write('broken', 'echo "no module named llmspell" >&2; exit 1') });
    assert.ok(finding.kind === 'broken' && finding.reason === 'no module named llmspell');
});

test('another program of that name is no llmspell', async () => {
    const finding = await found({ setting: programs.write('other', 'echo hello') });
    assert.ok(finding.kind === 'broken' && finding.reason.includes('hello'));
});

test('none is missing', async () => {
    assert.deepEqual(await found({ folders: ['/nowhere'] }), { kind: 'missing', setting: '' });
    assert.deepEqual(await found({ setting: '/nowhere/x' }), { kind: 'missing', setting: '/nowhere/x' });
});

test('what is written anew or removed is not the same', async () => {
    const setting = programs.write('changing', answering('0.8.3'));
    const first = await present(around({ setting }));
    assert.ok(first && isSame(first, await present(around({ setting }))));
    programs.write('changing', answering('0.10.3'));
    assert.ok(!isSame(first, await present(around({ setting }))));
    programs.remove();
    assert.equal(await present(around({ setting })), undefined);
    assert.ok(isSame(undefined, undefined));
});

test('versions are compared by number', () => {
    assert.ok(isAtLeast('0.10.0', '0.9'));
    assert.ok(isAtLeast('0.9', '0.9.0'));
    assert.ok(isAtLeast('1.0', '0.9'));
    assert.ok(!isAtLeast('0.8.99', '0.9'));
    assert.equal(versionIn('llmspell 0.9.0.dev0\n'), '0.9.0.dev0');
    assert.deepEqual([...commandsIn(HELP)], ['run', 'lsp']);
});
