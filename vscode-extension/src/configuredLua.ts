/** The Lua that `llmspell.toml` or the environment names where no setting does. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Installations } from './installation';
import { output } from './places';

const BUILT_IN = '5.4';

export class ConfiguredLua implements vscode.Disposable {
    private readonly known = new Map<string, Promise<string>>();
    private readonly changed = new vscode.EventEmitter<void>();
    /** Another Lua may be the configured one now. */
    readonly onDidChange = this.changed.event;
    private readonly subscriptions: vscode.Disposable[];

    constructor(private readonly installations: Installations) {
        const forget = () => {
            this.known.clear();
            this.changed.fire();
        };
        const files = vscode.workspace.createFileSystemWatcher('**/{llmspell,.llmspell}*.toml');
        this.subscriptions = [
            this.changed,
            files,
            files.onDidChange(forget),
            files.onDidCreate(forget),
            files.onDidDelete(forget),
            installations.onDidChange(forget),
        ];
    }

    /** Of a folder; `5.4` where there is no llmspell that could be asked. */
    in(folder: string): Promise<string> {
        const known = this.known.get(folder) ?? this.ask(folder);
        this.known.set(folder, known);
        return known;
    }

    /** For a document: the setting, or else what is configured. */
    async for(document: vscode.TextDocument): Promise<string> {
        const chosen = vscode.workspace.getConfiguration('llmspell', document).get<string>('lua.version');
        if (chosen) return chosen;
        const folder = vscode.workspace.getWorkspaceFolder(document.uri);
        return this.in(folder ? folder.uri.fsPath : path.dirname(document.uri.fsPath));
    }

    dispose(): void {
        this.subscriptions.forEach(each => each.dispose());
    }

    private async ask(folder: string): Promise<string> {
        const finding = await this.installations.look();
        if (finding.kind !== 'found') return BUILT_IN;
        try {
            const words = ['--output', 'json', 'config', 'show', 'engines.lua.version'];
            const said = JSON.parse(await output(finding.installation.command, words, folder)) as Shown;
            return said.settings[0]?.value ?? BUILT_IN;
        } catch {
            return BUILT_IN; // whoever runs a program is told what is wrong with the file
        }
    }
}

/** What `llmspell config show KEY --output json` writes. */
interface Shown {
    readonly settings: readonly { readonly value: string }[];
}
