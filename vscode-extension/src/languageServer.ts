/** Runs the language server, `llmspell lsp`, as long as it is wanted and can be had. */

import * as vscode from 'vscode';
import type { ConfiguredLua } from './configuredLua';
import type { Installations } from './installation';

const OTHERS = ['sumneko.lua', 'tangzx.emmylua'];

const OFF = 'The language server of llmspell is off: the setting llmspell.languageServer says so, or leaves ' +
    'the field to another one that is installed.';

/** The editor's end of one; the server begins and ends with it. */
export interface Client {
    start(): Promise<void>;
    dispose(): Promise<void>;
}

export class LanguageServer implements vscode.Disposable {
    private client: Client | undefined;
    private turn: Promise<void> = Promise.resolve();
    private readonly subscriptions: vscode.Disposable[];

    constructor(
        private readonly installations: Installations,
        configured: ConfiguredLua,
        private readonly clientOf: (command: string) => Client,
    ) {
        this.subscriptions = [
            vscode.commands.registerCommand('llmspell.restartLanguageServer', () => this.restartAsked()),
            configured.onDidChange(() => void this.restart()),
            vscode.extensions.onDidChange(() => void this.inTurn(() => isWanted() !== (this.client !== undefined))),
            vscode.workspace.onDidChangeConfiguration(event => {
                if (event.affectsConfiguration('llmspell.languageServer')) void this.restart();
            }),
        ];
    }

    /** Ends it, and starts it if it is wanted. */
    restart(): Promise<void> {
        return this.inTurn(() => true);
    }

    async dispose(): Promise<void> {
        this.subscriptions.forEach(each => each.dispose());
        await this.end();
    }

    /** Who asks for it is told why there is none. */
    private async restartAsked(): Promise<void> {
        if (isWanted()) await this.installations.need();
        else void vscode.window.showInformationMessage(OFF);
        await this.restart();
    }

    /** Restarts one after another; each is asked in its turn whether it is needed. */
    private inTurn(isNeeded: () => boolean): Promise<void> {
        const restart = async (): Promise<void> => {
            if (!isNeeded()) return;
            await this.end();
            await this.begin();
        };
        this.turn = this.turn.then(restart).catch(error => {
            void vscode.window.showErrorMessage(`The Lua language server could not start: ${String(error)}`);
        });
        return this.turn;
    }

    private async begin(): Promise<void> {
        if (!isWanted()) return;
        const finding = await this.installations.look(); // whoever only reads Lua is not to be bothered
        if (finding.kind !== 'found' || !finding.installation.serves.has('lsp')) return;
        this.client = this.clientOf(finding.installation.command);
        await this.client.start();
    }

    private async end(): Promise<void> {
        const client = this.client;
        this.client = undefined;
        await client?.dispose();
    }
}

function isWanted(): boolean {
    const wish = vscode.workspace.getConfiguration('llmspell').get<string>('languageServer', 'auto');
    if (wish !== 'auto') return wish === 'on';
    return !OTHERS.some(each => vscode.extensions.getExtension(each));
}
