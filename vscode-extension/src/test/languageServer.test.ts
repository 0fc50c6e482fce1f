import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ConfiguredLua } from '../configuredLua';
import { Installations } from '../installation';
import { LanguageServer } from '../languageServer';
import { EventEmitter, install, state } from './editor';
import { answering, Programs } from './programs';

const OTHER = 'sumneko.lua';
const DEADLINE = { timeout: 20_000 };

let programs: Programs;
let installations: Installations;
let configured: ConfiguredLua;
let server: LanguageServer;
let happened: EventEmitter<string>;

beforeEach(() => {
    programs = new Programs();
    state.settings = { path: programs.write('.venv', answering('0.9.0')) };
    state.extensions = {};
    installations = new Installations();
    configured = new ConfiguredLua(installations);
    happened = new EventEmitter();
    server = new LanguageServer(installations, configured, () => ({
        start: async () => happened.fire('started'),
        dispose: async () => happened.fire('ended'),
    }));
});

afterEach(async () => {
    await server.dispose();
    configured.dispose();
    installations.dispose();
    programs.remove();
});

const next = (): Promise<string> => new Promise(resolve => { happened.event(resolve); });

test('another server that is installed meanwhile is left the field', DEADLINE, async () => {
    await server.restart();
    const left = next();
    install(OTHER, {});
    assert.equal(await left, 'ended');
    const taken = next();
    install(OTHER);
    assert.equal(await taken, 'started');
});

test('who wants both has both, and other extensions are of no account', DEADLINE, async () => {
    await server.restart();
    const changes: string[] = [];
    happened.event(each => changes.push(each));
    install('somebody.theme', {});
    state.settings['languageServer'] = 'on';
    install(OTHER, {});
    await server.restart(); // after those, if there were any
    assert.deepEqual(changes, ['ended', 'started']);
});
