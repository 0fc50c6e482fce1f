import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVED } from '../served';

/** Whether the editor would tell the server of such a Lua text. */
const isServed = (scheme: string): boolean => SERVED.some(each => each.language === 'lua' && (each.scheme ?? scheme) === scheme);

test('files and texts that were never saved are served', () => {
    assert.ok(isServed('file') && isServed('untitled'));
});

test('cells of notebooks and the old side of a diff are not', () => {
    for (const scheme of ['vscode-notebook-cell', 'git', 'vscode-local-history', 'output']) assert.ok(!isServed(scheme), scheme);
});
