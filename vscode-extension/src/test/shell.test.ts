import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line } from '../shell';

const PIP = ['-m', 'pip', 'install', '--upgrade', 'llmspell'];
const BLANK = 'C:\\Program Files\\Python311\\python.exe';
const POWERSHELL = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
const SHELLS = ['/bin/bash', POWERSHELL, 'C:\\Windows\\System32\\cmd.exe', 'C:\\Program Files\\Git\\bin\\bash.exe', ''];

const program = (file: string) => (shell: string): string => line([[file, ...PIP]], shell);

test('what needs no quotes has none', () => {
    for (const shell of SHELLS) assert.equal(program('python3')(shell), 'python3 -m pip install --upgrade llmspell');
    const unquoted = 'C:\\venv\\python.exe -m pip install --upgrade llmspell';
    assert.equal(program('C:\\venv\\python.exe')(POWERSHELL), unquoted);
});

test('PowerShell takes a quoted text for a program only after an ampersand', () => {
    const called = `& '${BLANK}' -m pip install --upgrade llmspell`;
    for (const shell of [POWERSHELL, '/usr/bin/pwsh', 'pwsh.exe']) assert.equal(program(BLANK)(shell), called);
    assert.equal(line([['a', 'it\'s']], POWERSHELL), 'a \'it\'\'s\'');
});

test('the other shells call it as it stands', () => {
    assert.equal(program(BLANK)('cmd.exe'), `"${BLANK}" -m pip install --upgrade llmspell`);
    assert.equal(program(BLANK)('C:\\Program Files\\Git\\bin\\bash.exe'), `'${BLANK}' -m pip install --upgrade llmspell`);
    assert.equal(line([['/it\'s/$(x)/python3']], 'zsh'), '\'/it\'\\\'\'s/$(x)/python3\'');
});

test('a command waits for the one before it to succeed', () => {
    const three = [['a'], ['b', 'c'], ['d']];
    assert.equal(line(three, '/usr/bin/fish'), 'a && b c && d');
    assert.equal(line(three, 'cmd.exe'), 'a && b c && d');
    assert.equal(line(three, POWERSHELL), 'a; if ($?) { b c; if ($?) { d } }');
});
