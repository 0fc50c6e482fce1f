/** Runs the language server, `llmspell lsp`, as long as it is wanted and can be had. */

import * as vscode from 'vscode';
import { LanguageClient, type LanguageClientOptions, RevealOutputChannelOn, type ServerOptions } from 'vscode-languageclient/node';
import type { ConfiguredLua } from './configuredLua';
import type { Installations } from './installation';
import { LiveValues } from './liveValues';
import { SERVED } from './served';

const OTHERS = ['sumneko.lua', 'tangzx.emmylua'];

const OFF = 'The language server of llmspell is off: the setting llmspell.languageServer says so, or leaves ' +
    'the field to another one that is installed.';

export class LanguageServer implements vscode.Disposable {
    private client: LanguageClient | undefined;
    private live: LiveValues | undefined;
    private turn: Promise<void> = Promise.resolve();
    private readonly subscriptions: vscode.Disposable[];

    constructor(private readonly installations: Installations, configured: ConfiguredLua) {
        this.subscriptions = [
            vscode.commands.registerCommand('llmspell.restartLanguageServer', () => this.restartAsked()),
            configured.onDidChange(() => void this.restart()),
            vscode.extensions.onDidChange(() => void this.startIfMissing()),
            vscode.workspace.onDidChangeConfiguration(event => {
                if (event.affectsConfiguration('llmspell.languageServer')) void this.restart();
            }),
        ];
    }

    /** Starts or ends it, one after another. */
    restart(): Promise<void> {
        this.turn = this.turn.then(() => this.end()).then(() => this.begin()).catch(error => {
            void vscode.window.showErrorMessage(`The Lua language server could not start: ${String(error)}`);
        });
        return this.turn;
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

    private async startIfMissing(): Promise<void> {
        if (!this.client) await this.restart();
    }

    private async begin(): Promise<void> {
        if (!isWanted()) return;
        const finding = await this.installations.look(); // whoever only reads Lua is not to be bothered
        if (finding.kind !== 'found' || !finding.installation.serves.has('lsp')) return;
        const server: ServerOptions = { command: finding.installation.command, args: ['lsp'] };
        this.client = new LanguageClient('llmspell', 'llmspell', server, options());
        this.client.registerFeature(LiveValues.capability);
        await this.client.start();
        this.live = new LiveValues(this.client);
    }

    private async end(): Promise<void> {
        this.live?.dispose();
        const client = this.client;
        this.live = this.client = undefined;
        await client?.dispose();
    }
}

function options(): LanguageClientOptions {
    return {
        documentSelector: SERVED,
        initializationOptions: vscode.workspace.getConfiguration('llmspell'),
        synchronize: {
            configurationSection: 'llmspell',
            fileEvents: vscode.workspace.createFileSystemWatcher('**/*.lua'),
        },
        revealOutputChannelOn: RevealOutputChannelOn.Never,
    };
}

function isWanted(): boolean {
    const wish = vscode.workspace.getConfiguration('llmspell').get<string>('languageServer', 'auto');
    if (wish !== 'auto') return wish === 'on';
    return !OTHERS.some(each => vscode.extensions.getExtension(each));
}
