import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { choices } from '../listed';

const script = { pid: 7, host: '127.0.0.1', port: 4711, program: '/srv/app/main.lua', lua: '5.4' };

const shown = (program: typeof script & { kind?: string }): string[] =>
    choices([program]).flatMap(each => [each.label, each.detail]);

test('a script is called by its name, and told apart by its path', () => {
    assert.deepEqual(['main.lua', '/srv/app/main.lua'], shown(script));
    assert.deepEqual(shown(script), shown({ ...script, kind: 'script' }));
    assert.equal('Lua 5.4, process 7, at 127.0.0.1:4711', choices([script])[0]?.description);
});

test('Luas and addresses are written as elsewhere', () => {
    const [choice] = choices([{ ...script, lua: 'luajit2.1', host: '::1' }]);
    assert.equal('LuaJIT 2.1, process 7, at [::1]:4711', choice?.description);
});

test('a kernel is called by its id', () => {
    const kernel = { ...script, program: 'kernel a/b', kind: 'kernel' };
    assert.deepEqual(['kernel a/b', 'its cells, and the files that they run'], shown(kernel));
});
