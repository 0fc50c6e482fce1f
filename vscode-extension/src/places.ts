/** Where the command `llmspell` may be, and which version stands there. Knows nothing of the editor. */

import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

export const NEEDED_VERSION = '0.9';

/** What stands for each folder of the workspace in the setting. */
const FOLDER = '${workspaceFolder}';

/** What is known of the machine and the workspace. */
export interface Surroundings {
    /** The setting `llmspell.path`; if it is not empty, nothing else is looked at. */
    readonly setting: string;
    readonly folders: readonly string[];
    /** The interpreter that the Python extension has chosen, if there is one. */
    readonly interpreter: string | undefined;
    readonly environment: NodeJS.ProcessEnv;
    readonly platform: NodeJS.Platform;
}

export interface Installation {
    readonly command: string;
    readonly version: string;
    /** Names of the commands that `llmspell --help` lists. */
    readonly serves: ReadonlySet<string>;
}

export type Finding =
    | { readonly kind: 'found'; readonly installation: Installation }
    | { readonly kind: 'old'; readonly installation: Installation }
    | { readonly kind: 'broken'; readonly command: string; readonly reason: string }
    | { readonly kind: 'missing'; readonly setting: string };

/** A file as it was when it was looked at. */
export interface Present {
    readonly command: string;
    /** Another one when it was written anew. */
    readonly state: string;
}

/** Where it was looked, and what was there. */
export interface Search {
    readonly around: Surroundings;
    readonly file: Present | undefined;
    readonly finding: Finding;
}

/** The files to try, the most specific first. */
export function places(around: Surroundings): string[] {
    if (around.setting) return named(around);
    const windows = around.platform === 'win32';
    const name = windows ? 'llmspell.exe' : 'llmspell';
    const scripts = windows ? 'Scripts' : 'bin';
    const found = environmentsOf(around.folders).map(environment => path.join(environment, scripts, name));
    if (around.interpreter) found.push(path.join(path.dirname(around.interpreter), name));
    found.push(...onPath(name, around.environment));
    const home = homeOf(around.environment);
    if (home) found.push(path.join(home, '.venv', scripts, name)); // where llmspell is installed without a workspace
    return [...new Set(found)];
}

/** Where virtual environments of a workspace may be. */
export function environmentsOf(folders: readonly string[]): string[] {
    return folders.flatMap(folder => ['.venv', 'venv', 'env', '.env'].map(each => path.join(folder, each)));
}

/** The user's folder. */
export function homeOf(environment: NodeJS.ProcessEnv): string | undefined {
    return environment['HOME'] || environment['USERPROFILE'];
}

/** The first file that is there; undefined if none is. One behind it is not looked at, whatever this one is. */
export async function present(around: Surroundings): Promise<Present | undefined> {
    for (const command of places(around)) {
        const state = await stateOf(command);
        if (state) return { command, state };
    }
    return undefined;
}

export function isSame(one: Present | undefined, other: Present | undefined): boolean {
    return one?.command === other?.command && one?.state === other?.state;
}

/** Asks the file that is there what it is. */
export async function find(around: Surroundings): Promise<Search> {
    const file = await present(around);
    return { around, file, finding: file ? await ask(file.command) : { kind: 'missing', setting: around.setting } };
}

async function ask(command: string): Promise<Finding> {
    try {
        const version = versionIn(await output(command, ['--version']));
        const installation = { command, version, serves: commandsIn(await output(command, ['--help'])) };
        return { kind: isAtLeast(version, NEEDED_VERSION) ? 'found' : 'old', installation };
    } catch (error) {
        return { kind: 'broken', command, reason: error instanceof Error ? error.message : String(error) };
    }
}

/** What a command writes. Raises an error if it fails or takes longer than ten seconds. */
export function output(command: string, args: readonly string[], cwd?: string): Promise<string> {
    return new Promise((resolve, reject) => {
        execFile(command, args, { timeout: 10_000, cwd }, (error, stdout, stderr) => {
            if (error) reject(new Error(stderr.trim() || error.message));
            else resolve(stdout);
        });
    });
}

/** "0.9.0.dev0" of "llmspell 0.9.0.dev0". */
export function versionIn(text: string): string {
    const version = /^llmspell (\d+(?:\.\w+)*)/m.exec(text)?.[1];
    if (!version) throw new Error(`it says "${text.trim().slice(0, 80)}" where its version was expected`);
    return version;
}

/** Compares the numbers; what stands behind them (dev0, rc1) is of no account. */
export function isAtLeast(version: string, needed: string): boolean {
    const numbers = (text: string) => text.split('.').map(part => Number.parseInt(part, 10)).filter(Number.isFinite);
    const [have, want] = [numbers(version), numbers(needed)];
    for (let index = 0; index < want.length; index++) {
        const difference = (have[index] ?? 0) - (want[index] ?? 0);
        if (difference !== 0) return difference > 0;
    }
    return true;
}

/** The first words of the lines of the list of commands. */
export function commandsIn(help: string): Set<string> {
    return new Set([...help.matchAll(/^ {2}([a-z]+) /gm)].map(match => match[1] ?? ''));
}

/** The files that the setting may mean: one of several folders may have it. */
function named({ setting, folders, environment, platform }: Surroundings): string[] {
    const file = setting.replace(/^~(?=[\\/])/, () => homeOf(environment) ?? '~');
    const files = path.basename(file) === file ? onPath(file, environment) : inFolders(file, folders);
    return platform === 'win32' ? files.flatMap(each => [each, `${each}.exe`]) : files;
}

function inFolders(file: string, folders: readonly string[]): string[] {
    if (file.includes(FOLDER)) return folders.map(folder => path.normalize(file.replaceAll(FOLDER, () => folder)));
    return path.isAbsolute(file) ? [file] : folders.map(folder => path.join(folder, file));
}

/** An editor's path may lack what a shell's has. */
function onPath(name: string, environment: NodeJS.ProcessEnv): string[] {
    const folders = (environment['PATH'] ?? '').split(path.delimiter).filter(each => each);
    const home = homeOf(environment);
    if (home) folders.push(path.join(home, '.local', 'bin'));
    return folders.map(folder => path.join(folder, name));
}

/** Whether it is a file that can be run. */
export async function isExecutable(file: string): Promise<boolean> {
    return await stateOf(file) !== undefined;
}

async function stateOf(file: string): Promise<string | undefined> {
    try {
        await fs.access(file, fs.constants.X_OK);
        const about = await fs.stat(file);
        return about.isFile() ? `${about.mtimeMs} ${about.size}` : undefined;
    } catch {
        return undefined;
    }
}
