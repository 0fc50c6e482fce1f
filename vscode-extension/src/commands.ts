/** The commands of the palette, the editor's title and the lenses. */

import * as os from 'node:os';
import * as vscode from 'vscode';
import { textOf } from './address';
import { pickProgram } from './attach';
import { TYPE, ofFile } from './configuration';
import type { ConfiguredLua } from './configuredLua';
import type { Installations } from './installation';
import { LUAS, nameOf } from './luas';
import { INSTALL_COMMAND } from './missing';

/** It waits at a port of its own for whoever attaches; without one it could not be debugged. */
const KERNEL = ['kernel', 'start', '--dap-port', '0'];

/** Registers what needs no language server. */
export function registerCommands(installations: Installations, configured: ConfiguredLua): vscode.Disposable[] {
    const table: Record<string, (...args: never[]) => unknown> = {
        'llmspell.run': (file?: vscode.Uri | string) => start(file, { noDebug: true }),
        'llmspell.debug': (file?: vscode.Uri | string, line?: unknown) => debug(file, line),
        'llmspell.attach': () => vscode.debug.startDebugging(undefined, { type: TYPE, request: 'attach', name: 'Lua: attach' }),
        'llmspell.pickProcess': () => pickedText(installations),
        'llmspell.selectLua': () => selectLua(configured),
        'llmspell.openRepl': () => inTerminal(installations, 'Lua REPL', ['repl']),
        'llmspell.startKernel': () => inTerminal(installations, 'llmspell kernel', KERNEL),
        [INSTALL_COMMAND]: () => installations.install(),
    };
    return Object.entries(table).map(([name, action]) => vscode.commands.registerCommand(name, action));
}

/** What launch.json knows as `${command:PickProcess}`: the editor puts in texts only. */
async function pickedText(installations: Installations): Promise<string | undefined> {
    const address = await pickProgram(installations);
    return address && textOf(address);
}

/** A lens on a function gives the line of its first statement, from 0; the session stops there, too. */
async function debug(given: vscode.Uri | string | undefined, line: unknown): Promise<unknown> {
    if (typeof given !== 'string' || typeof line !== 'number') return start(given, {});
    const place = new vscode.Location(vscode.Uri.parse(given), new vscode.Position(line, 0));
    const isThere = vscode.debug.breakpoints.some(each =>
        each instanceof vscode.SourceBreakpoint && each.enabled && each.location.range.start.line === line &&
        each.location.uri.toString() === place.uri.toString());
    if (isThere) return start(given, {});
    const breakpoint = new vscode.SourceBreakpoint(place);
    vscode.debug.addBreakpoints([breakpoint]);
    let session: vscode.DebugSession | undefined;
    const begun = vscode.debug.onDidStartDebugSession(each => { session ??= each; });
    const ended = vscode.debug.onDidTerminateDebugSession(each => { if (each === session) remove(); });
    const remove = () => {
        vscode.debug.removeBreakpoints([breakpoint]);
        ended.dispose();
    };
    const isStarted = await start(given, {});
    begun.dispose();
    if (!isStarted) remove();
    return isStarted;
}

async function start(given: vscode.Uri | string | undefined, options: vscode.DebugSessionOptions): Promise<boolean> {
    const file = typeof given === 'string' ? vscode.Uri.parse(given) : (given ?? vscode.window.activeTextEditor?.document.uri);
    if (!file) return false;
    if (file.scheme === 'untitled') {
        void vscode.window.showErrorMessage('Save the file first: Lua runs what is on the disk.');
        return false;
    }
    const document = vscode.workspace.textDocuments.find(each => each.uri.toString() === file.toString());
    if (document?.isDirty) await document.save();
    return vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(file), ofFile(file.fsPath), options);
}

async function selectLua(configured: ConfiguredLua): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const settings = vscode.workspace.getConfiguration('llmspell', document);
    const present = settings.get<string>('lua.version', '');
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    const silent = nameOf(await configured.in(folder ?? os.homedir()));
    const offered = [...LUAS.map(version => ({ label: nameOf(version), version })),
        { label: 'As configured', version: '' }];
    const items = offered.map(each => ({
        ...each,
        description: each.version === present ? 'chosen' : '',
        ...(each.version ? {} : { detail: `What llmspell.toml and the environment say: ${silent}` }),
    }));
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: 'The Lua of this workspace' });
    if (!chosen) return;
    const isOpen = vscode.workspace.workspaceFolders !== undefined;
    const target = isOpen ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
    await settings.update('lua.version', chosen.version || undefined, target);
}

async function inTerminal(installations: Installations, name: string, args: string[]): Promise<void> {
    const installation = await installations.need();
    if (!installation) return;
    vscode.window.createTerminal({ name, shellPath: installation.command, shellArgs: args }).show();
}
