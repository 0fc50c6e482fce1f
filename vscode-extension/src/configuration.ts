/** What a launch configuration means where it is silent, and what is wrong with it. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { withNumbers } from './address';
import { pickProgram } from './attach';
import type { Installations } from './installation';

export const TYPE = 'llmspell';

/** Fills and checks configurations. F5 with none at all debugs the open file. */
export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
    constructor(private readonly installations: Installations) {}

    async resolveDebugConfiguration(
        folder: vscode.WorkspaceFolder | undefined,
        given: vscode.DebugConfiguration,
    ): Promise<vscode.DebugConfiguration | null | undefined> {
        const isEmpty = !given.type && !given.request && !given.name;
        const base = isEmpty ? openFile() : {};
        const configuration = base && { ...given, ...base }; // "Run Without Debugging" says noDebug
        if (!configuration) {
            void vscode.window.showErrorMessage('Open a Lua file to debug it, or write a launch.json.');
            return undefined;
        }
        if (!(await this.installations.need())) return undefined;
        return configuration.request === 'attach' ? this.attach(configuration) : launch(folder, configuration);
    }

    /** A variable can only be replaced by a text, also where a number belongs. */
    resolveDebugConfigurationWithSubstitutedVariables(
        _folder: vscode.WorkspaceFolder | undefined,
        configuration: vscode.DebugConfiguration,
    ): vscode.DebugConfiguration {
        return configuration.request === 'attach' ? withNumbers(configuration) : configuration;
    }

    private async attach(configuration: vscode.DebugConfiguration): Promise<vscode.DebugConfiguration | undefined> {
        if (configuration['port'] !== undefined || configuration['connect'] !== undefined) return configuration;
        const address = await pickProgram(this.installations);
        return address && { ...configuration, ...address };
    }
}

/** What the list of configurations offers beside those of launch.json. */
export class DynamicConfigurations implements vscode.DebugConfigurationProvider {
    provideDebugConfigurations(): vscode.DebugConfiguration[] {
        return [
            ofFile('${file}'),
            { type: TYPE, request: 'attach', name: 'Lua: attach to a running program' },
        ];
    }
}

/** A configuration that runs a file; the Lua is that of the settings. */
export function ofFile(program: string): vscode.DebugConfiguration {
    return { type: TYPE, request: 'launch', name: 'Lua: this file', program };
}

function openFile(): vscode.DebugConfiguration | undefined {
    const document = vscode.window.activeTextEditor?.document;
    return document?.languageId === 'lua' ? ofFile('${file}') : undefined;
}

async function launch(
    folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | null | undefined> {
    if (!configuration['program']) {
        const [open] = ['Open launch.json'];
        const chosen = await vscode.window.showErrorMessage(
            `The configuration "${configuration.name}" names no program. Write "program": "\${file}" for the open file.`, open);
        return chosen === open ? null : undefined; // null: the editor opens launch.json
    }
    const document = vscode.window.activeTextEditor?.document;
    if (configuration['program'] === '${file}' && document?.isUntitled) {
        void vscode.window.showErrorMessage('Save the file first: Lua runs what is on the disk.');
        return undefined;
    }
    configuration['cwd'] ??= folder ? folder.uri.fsPath : directoryOf(document);
    const chosen = vscode.workspace.getConfiguration('llmspell', folder).get<string>('lua.version');
    if (chosen) configuration['lua'] ??= chosen; // else the adapter reads what is configured where it runs
    const isInTerminal = (configuration['console'] ?? 'internalConsole') !== 'internalConsole';
    if (isInTerminal) configuration['internalConsoleOptions'] ??= 'neverOpen'; // it would hide the terminal
    return configuration;
}

function directoryOf(document: vscode.TextDocument | undefined): string | undefined {
    return document && path.dirname(document.uri.fsPath);
}
