import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { DebugConfiguration } from 'vscode';
import { ConfigurationProvider } from '../configuration';
import { Installations } from '../installation';
import { state, window } from './editor';
import { answering, Programs } from './programs';

const NAMED = { name: 'shop', type: 'llmspell', request: 'launch' };
const LUA = { languageId: 'lua', isUntitled: false, uri: { fsPath: '/shop/main.lua' } };

const programs = new Programs();
let installations: Installations;
let provider: ConfigurationProvider;

before(() => {
    state.settings = { path: programs.write('.venv', answering('0.9.0')) };
    installations = new Installations();
    provider = new ConfigurationProvider(installations);
});
after(() => {
    installations.dispose();
    programs.remove();
});
beforeEach(() => {
    state.said = [];
    state.choice = undefined;
    show(LUA);
});

const show = (document: unknown): void => { window.activeTextEditor = document && { document }; };
const resolved = (given: object) => provider.resolveDebugConfiguration(undefined, given as DebugConfiguration);

test('one that names no program says what to write, and offers to open the file', async () => {
    assert.equal(await resolved(NAMED), undefined);
    const said = 'The configuration "shop" names no program. Write "program": "${file}" for the open file.';
    assert.deepEqual(state.said, [said]);
    state.choice = 'Open launch.json';
    assert.equal(await resolved(NAMED), null); // which has the editor open it
});

test('a file that is not on the disk cannot be run', async () => {
    show({ ...LUA, isUntitled: true });
    assert.equal(await resolved({ ...NAMED, program: '${file}' }), undefined);
    assert.deepEqual(state.said, ['Save the file first: Lua runs what is on the disk.']);
});

test('without a configuration the open file is run, if it is Lua', async () => {
    const made = await resolved({});
    assert.deepEqual([made?.['program'], made?.['cwd']], ['${file}', '/shop']);
    show({ ...LUA, languageId: 'markdown' });
    assert.equal(await resolved({}), undefined);
    assert.deepEqual(state.said, ['Open a Lua file to debug it, or write a launch.json.']);
});

test('a program in a terminal leaves the debug console closed', async () => {
    const made = await resolved({ ...NAMED, program: '/shop/a.lua', console: 'integratedTerminal' });
    assert.equal(made?.['internalConsoleOptions'], 'neverOpen');
});

test('a variable has become an address', () => {
    const substituted = (given: object) =>
        provider.resolveDebugConfigurationWithSubstitutedVariables(undefined, given as DebugConfiguration);
    const attach = { ...NAMED, request: 'attach' };
    assert.deepEqual(substituted({ ...attach, port: '10.0.0.7:4711' }), { ...attach, host: '10.0.0.7', port: 4711 });
    assert.deepEqual(substituted({ ...NAMED, program: 'a.lua', port: '1' }), { ...NAMED, program: 'a.lua', port: '1' });
});
