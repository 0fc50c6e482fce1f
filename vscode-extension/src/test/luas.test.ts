import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOf } from '../luas';

test('every Lua has a name to be shown', () => {
    assert.deepEqual(['5.4', 'luajit', 'luajit2.1'].map(nameOf), ['Lua 5.4', 'LuaJIT', 'LuaJIT 2.1']);
});
