/** The Luas there are. Knows nothing of the editor. */

/** What the list of Luas offers; the two LuaJITs can also be named by themselves, as luajit2.1. */
export const LUAS = ['5.1', '5.2', '5.3', '5.4', '5.5', 'luajit'];

/** "Lua 5.4", "LuaJIT", "LuaJIT 2.1". */
export function nameOf(version: string): string {
    const jit = /^luajit(.*)/.exec(version);
    return jit ? `LuaJIT ${jit[1]}`.trim() : `Lua ${version}`;
}
