/** How a debug adapter comes about: the command `llmspell dap`, which each session has for itself. */

import * as vscode from 'vscode';
import type { Installations } from './installation';

export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
    constructor(private readonly installations: Installations) {}

    async createDebugAdapterDescriptor(session: vscode.DebugSession): Promise<vscode.DebugAdapterDescriptor | undefined> {
        const installation = await this.installations.need();
        if (!installation) return undefined;
        const cwd = session.workspaceFolder?.uri.fsPath;
        return new vscode.DebugAdapterExecutable(installation.command, ['dap'], cwd ? { cwd } : {});
    }
}
