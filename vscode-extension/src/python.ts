/** Which Python an llmspell belongs to, and what can be installed into it. Knows nothing of the editor. */

import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isExecutable, output } from './places';

/** An interpreter, and what it says of itself. */
export interface Python {
    readonly command: string;
    readonly isEnvironment: boolean;
    /** Outside an environment pip refuses to install: the system's package manager does (PEP 668). */
    readonly isManaged: boolean;
    readonly hasPip: boolean;
}

const QUESTION = 'import json, os, sys, sysconfig; from importlib.util import find_spec; ' +
    "managed = os.path.join(sysconfig.get_path('stdlib'), 'EXTERNALLY-MANAGED'); " +
    "print(json.dumps({'isEnvironment': sys.prefix != sys.base_prefix, " +
    "'isManaged': os.path.exists(managed), 'hasPip': find_spec('pip') is not None}))";

/** Bytes of a script in which the path of its interpreter stands. */
const HEAD = 1024;

/** Undefined if it does not run, or is none. */
export async function asked(command: string): Promise<Python | undefined> {
    try {
        return { command, ...JSON.parse(await output(command, ['-c', QUESTION])) as Omit<Python, 'command'> };
    } catch {
        return undefined;
    }
}

/** The first that answers. */
export async function firstOf(commands: readonly string[]): Promise<Python | undefined> {
    for (const command of commands) {
        const python = await asked(command);
        if (python) return python;
    }
    return undefined;
}

/** Whether pip may install into it, or can be had for that. */
export function takesPackages(python: Python): boolean {
    return python.isEnvironment || (!python.isManaged && python.hasPip);
}

/** The interpreter of an environment. */
export function pythonIn(environment: string, platform: NodeJS.Platform): string {
    return platform === 'win32' ? path.join(environment, 'Scripts', 'python.exe') : path.join(environment, 'bin', 'python');
}

/** What a terminal may know Python as. */
export function namesOfPython(platform: NodeJS.Platform): string[] {
    return platform === 'win32' ? ['py', 'python'] : ['python3', 'python'];
}

/** The interpreter that a command was installed for: the one that runs it, or one that stands beside it. */
export async function ownerOf(command: string, platform: NodeJS.Platform): Promise<Python | undefined> {
    const files = [await interpreterIn(command), ...await beside(command, platform)];
    for (const file of files) {
        const python = file && await isExecutable(file) && await asked(file);
        if (python) return python;
    }
    return undefined;
}

async function beside(command: string, platform: NodeJS.Platform): Promise<string[]> {
    const target = await fs.realpath(command).catch(() => command); // pipx and uv make links to theirs
    const folders = [command, target].map(each => path.dirname(each));
    if (platform !== 'win32') return folders.flatMap(each => ['python', 'python3'].map(name => path.join(each, name)));
    return folders.flatMap(each => [each, path.dirname(each)].map(folder => path.join(folder, 'python.exe')));
}

/** What the first lines of a script name; where that is long or has blanks, pip has the shell call it. */
async function interpreterIn(script: string): Promise<string | undefined> {
    const text = await head(script).catch(() => '');
    const match = /^#!(\/\S*)/.exec(text);
    const called = /^'''exec' (?:"([^"]+)"|'([^']+)'|(\S+)) /m.exec(text);
    const file = called?.[1] ?? called?.[2] ?? called?.[3] ?? match?.[1];
    return file && /^python[\d.]*$/.test(path.basename(file)) ? file : undefined;
}

async function head(file: string): Promise<string> {
    const opened = await fs.open(file);
    try {
        const { buffer, bytesRead } = await opened.read(Buffer.alloc(HEAD), 0, HEAD);
        return buffer.toString('utf8', 0, bytesRead);
    } finally {
        await opened.close();
    }
}
