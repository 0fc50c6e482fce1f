import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { installing } from '../installing';
import { find, type Surroundings } from '../places';
import { asked, ownerOf } from '../python';
import { line } from '../shell';
import { answering, Programs } from './programs';

const PATH = process.env['PATH'];
const ENVIRONMENT = { isEnvironment: true };
const MANAGED = { isManaged: true };
const PIP = '-m pip install --upgrade llmspell';

let programs: Programs;

beforeEach(() => {
    programs = new Programs();
    process.env['PATH'] = `${path.join(programs.root, 'system', 'bin')}:/bin`; // for sh, echo and cat
});
afterEach(() => {
    process.env['PATH'] = PATH;
    programs.remove();
});

/** The command for a workspace, in which nothing is on the path; or why there is none. */
async function way(some: Partial<Surroundings> = {}): Promise<string | undefined> {
    const around: Surroundings = {
        setting: '', folders: [programs.root], interpreter: undefined, environment: {}, platform: 'linux', ...some,
    };
    const commands = await installing(await find(around));
    return commands && line(commands, 'sh');
}

const inFolder = (name: string) => path.join(programs.root, name);

test('the environment of the workspace comes first', async () => {
    const python = programs.python('.venv', ENVIRONMENT);
    programs.python('system', {}, 'python3');
    assert.equal(await way({ interpreter: programs.python('chosen', ENVIRONMENT) }), `${python} ${PIP}`);
});

test('one that has no pip gets it', async () => {
    const python = programs.python('venv', { ...ENVIRONMENT, hasPip: false });
    assert.equal(await way(), `${python} -m ensurepip && ${python} ${PIP}`);
});

test('then comes the chosen interpreter', async () => {
    const python = programs.python('chosen', ENVIRONMENT);
    assert.equal(await way({ interpreter: python }), `${python} ${PIP}`);
});

test('then what the terminal has, where that takes packages', async () => {
    programs.python('system', {}, 'python3');
    assert.equal(await way(), `python3 ${PIP}`);
});

test('where it takes none, an environment is made', async () => {
    const made = `${inFolder('.venv')} && ${inFolder('.venv/bin/python')} ${PIP}`;
    for (const about of [MANAGED, { hasPip: false }]) {
        programs.python('system', about, 'python3');
        assert.equal(await way(), `python3 -m venv ${made}`);
    }
    const chosen = programs.python('chosen', MANAGED);
    assert.equal(await way({ interpreter: chosen }), `${chosen} -m venv ${made}`);
});

test('without a workspace it is made in the user\'s folder, where it is found', async () => {
    programs.python('system', MANAGED, 'python3');
    const home = { folders: [], environment: { HOME: programs.root } };
    assert.equal(await way(home), `python3 -m venv ${inFolder('.venv')} && ${inFolder('.venv/bin/python')} ${PIP}`);
    programs.write('.venv', answering('0.9.0'));
    const finding = (await find({ setting: '', interpreter: undefined, platform: 'linux', ...home })).finding;
    assert.equal(finding.kind, 'found');
});

test('an old one is upgraded where it is', async () => {
    const python = programs.python('venv', ENVIRONMENT);
    programs.write('venv', answering('0.8.1'));
    programs.python('system', {}, 'python3');
    assert.equal(await way(), `${python} ${PIP}`);
    assert.equal(await way({ setting: inFolder('venv/bin/llmspell'), folders: [] }), `${python} ${PIP}`);
});

test('one that does not run is installed anew, whatever pip has noted of it', async () => {
    const python = programs.python('.venv', ENVIRONMENT);
    programs.write('.venv', 'exit 1');
    assert.equal(await way(), `${python} -m pip install --upgrade --force-reinstall llmspell`);
});

test('where the system keeps an old one, the workspace gets an environment', async () => {
    const python = programs.python('system', MANAGED, 'python3');
    const old = programs.write('system', answering('0.8.1'));
    const environment = { PATH: path.dirname(old) };
    assert.equal(await way({ environment }), `${python} -m venv ${inFolder('.venv')} && ${inFolder('.venv/bin/python')} ${PIP}`);
    const present = programs.python('.venv', ENVIRONMENT);
    assert.equal(await way({ environment }), `${present} ${PIP}`);
});

test('where the setting leads elsewhere, installing does not help', async () => {
    programs.python('.venv', ENVIRONMENT);
    assert.equal(await way({ setting: '/nowhere/llmspell' }), undefined);
    assert.equal(await way({ setting: programs.write('of-no-python', answering('0.8.1')) }), undefined);
});

test('nor does it where an environment has lost its Python', async () => {
    programs.write('.venv', 'exit 1');
    assert.equal(await way(), undefined);
});

test('a command belongs to the Python that runs it', async () => {
    const python = programs.python('its own', ENVIRONMENT, 'python3.11');
    const command = programs.write('bin-of-user', '');
    programs.python('bin-of-user', {});
    fs.writeFileSync(command, `#!/bin/sh\n'''exec' "${python}" "$0" "$@"\n' '''\n`);
    assert.equal((await ownerOf(command, 'linux'))?.command, python);
    const short = programs.python('short', ENVIRONMENT);
    fs.writeFileSync(command, `#!${short}\n`);
    assert.equal((await ownerOf(command, 'linux'))?.command, short);
});

test('that of a link stands where the link leads', async () => {
    const python = programs.python('tool', ENVIRONMENT);
    const link = inFolder('llmspell');
    fs.symlinkSync(programs.write('tool', answering('0.8.1')), link);
    assert.equal((await ownerOf(link, 'linux'))?.command, fs.realpathSync(python));
});

test('Python answers what it is asked', async () => {
    const command = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8', env: { PATH } }).trim();
    execFileSync(command, ['-m', 'venv', '--without-pip', inFolder('made')]);
    const base = await asked(command);
    const made = await asked(inFolder('made/bin/python'));
    assert.deepEqual([typeof base?.isManaged, typeof base?.hasPip], ['boolean', 'boolean']);
    assert.deepEqual([made?.isEnvironment, made?.hasPip], [true, false]);
    assert.equal(await asked('/bin/true'), undefined);
});
