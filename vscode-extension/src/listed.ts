/** What can be attached to, as `llmspell debug --list --json` says it. */

import * as path from 'node:path';
import { textOf } from './address';
import { nameOf } from './luas';

export interface Listening {
    readonly pid: number;
    readonly host: string;
    readonly port: number;
    /** The script's path, or the kernel's name. */
    readonly program: string;
    readonly lua: string;
    /** "script" or "kernel"; older releases do not say, and knew scripts only. */
    readonly kind?: string;
}

export interface Choice {
    readonly label: string;
    readonly description: string;
    readonly detail: string;
    readonly program: Listening;
}

/** What the user chooses from. */
export function choices(programs: readonly Listening[]): Choice[] {
    return programs.map(each => ({
        label: each.kind === 'kernel' ? each.program : path.basename(each.program),
        description: `${nameOf(each.lua)}, process ${each.pid}, at ${textOf(each)}`,
        detail: each.kind === 'kernel' ? 'its cells, and the files that they run' : each.program,
        program: each,
    }));
}
