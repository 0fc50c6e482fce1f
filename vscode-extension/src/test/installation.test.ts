import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { Installations } from '../installation';
import { state, workspace } from './editor';
import { answering, Programs } from './programs';

const NOTHING = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
const DEADLINE = { timeout: 20_000 };

let programs: Programs;
let installations: Installations;

beforeEach(() => {
    programs = new Programs();
    workspace.workspaceFolders = [{ uri: { fsPath: programs.root } }];
    state.extensions = {};
    state.said = [];
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
