import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Installations } from '../installation';
import { EventEmitter, install, state, workspace } from './editor';
import { answering, Programs } from './programs';

const NOTHING = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
const DEADLINE = { timeout: 20_000 };

let programs: Programs;
let installations: Installations;

beforeEach(() => {
    programs = new Programs();
    workspace.workspaceFolders = [{ uri: { fsPath: programs.root } }];
    state.extensions = {};
    state.settings = {};
    state.said = [];
    state.typed = [];
    process.env['PATH'] = '/bin'; // for sh and cat
    process.env['HOME'] = programs.root;
});

afterEach(() => {
    installations.dispose();
    programs.remove();
    Object.assign(process.env, NOTHING);
});

const change = (): Promise<void> => new Promise(resolve => { installations.onDidChange(() => resolve()); });

test('what is installed later is noticed, and the editor told', DEADLINE, async () => {
    installations = new Installations(5);
    assert.equal((await installations.look()).kind, 'missing');
    assert.equal(state.context['llmspell.isInstalled'], false);
    const changed = change();
    programs.write('.venv', answering('0.9.0'));
    await changed;
    assert.equal((await installations.look()).kind, 'found');
    assert.equal(state.context['llmspell.isInstalled'], true);
    assert.deepEqual(state.said, []);
});

test('what is upgraded is noticed', DEADLINE, async () => {
    programs.write('.venv', answering('0.8.3'));
    installations = new Installations(5);
    assert.equal((await installations.look()).kind, 'old');
    const changed = change();
    programs.write('.venv', answering('0.10.0'));
    await changed;
    assert.equal((await installations.look()).kind, 'found');
});

test('a file that is gone is not run; the next one is', DEADLINE, async () => {
    const first = programs.write('.venv', answering('0.9.1'));
    const second = programs.write('venv', answering('0.9.2'));
    installations = new Installations();
    assert.equal((await installations.need())?.command, first);
    fs.rmSync(first);
    assert.equal((await installations.need())?.command, second);
    fs.rmSync(second);
    assert.equal(await installations.need(), undefined);
    assert.match(state.said.join(), /llmspell was not found/);
});

test('what the message says is what the button does', DEADLINE, async () => {
    const python = programs.python('.venv', { isEnvironment: true });
    programs.write('.venv', answering('0.8.3'));
    installations = new Installations();
    assert.equal(await installations.need(), undefined);
    await installations.install();
    assert.deepEqual(state.typed, [`${python} -m pip install --upgrade llmspell`]);
    assert.ok(state.said.join().endsWith(`Install it with: ${state.typed}`), state.said.join());
    assert.deepEqual(state.offered, ['Install in Terminal', 'Open Settings']);
});

test('a wrong setting can only be changed', DEADLINE, async () => {
    programs.python('.venv', { isEnvironment: true });
    state.settings = { path: '/nowhere/llmspell' };
    installations = new Installations();
    assert.equal(await installations.need(), undefined);
    await installations.install();
    const said = 'There is no program /nowhere/llmspell, which the setting llmspell.path names.';
    assert.deepEqual(state.said, [said, said]);
    assert.deepEqual(state.offered, ['Open Settings']);
    assert.deepEqual(state.typed, []);
});

/** What the Python extension says of itself. */
class Python {
    readonly isActive = true;
    path = 'python';
    readonly chosen = new EventEmitter<unknown>();
    readonly exports = { environments: {
        getActiveEnvironmentPath: () => ({ path: this.path }),
        onDidChangeActiveEnvironmentPath: this.chosen.event,
    } };

    choose(file: string): void {
        this.path = file;
        this.chosen.fire({ path: file });
    }
}

function interpreter(environment: string): string {
    const file = path.join(programs.root, environment, 'bin', 'python3');
    fs.writeFileSync(file, '', { mode: 0o755 });
    return file;
}

test('another interpreter brings another installation', DEADLINE, async () => {
    const python = new Python();
    state.extensions['ms-python.python'] = python;
    const one = programs.write('one', answering('0.9.1'));
    const other = programs.write('other', answering('0.9.2'));
    python.path = interpreter('one');
    installations = new Installations();
    assert.equal((await installations.need())?.command, one);
    const changed = change();
    python.choose(interpreter('other'));
    await changed;
    assert.equal((await installations.need())?.command, other);
});

test('the Python extension may come later', DEADLINE, async () => {
    installations = new Installations();
    assert.equal((await installations.look()).kind, 'missing');
    const python = new Python();
    programs.write('one', answering('0.9.1'));
    python.path = interpreter('one');
    const changed = change();
    install('ms-python.python', python);
    await changed;
    assert.equal((await installations.look()).kind, 'found');
});

test('a folder is no interpreter, whatever it is called', DEADLINE, async () => {
    const python = new Python();
    state.extensions['ms-python.python'] = python;
    programs.write('python-things', answering('0.9.1'));
    python.path = path.join(programs.root, 'python-things', 'bin', 'env');
    fs.mkdirSync(python.path);
    installations = new Installations();
    assert.equal((await installations.look()).kind, 'missing');
});
