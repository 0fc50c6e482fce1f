/** Makes the editor's end of `llmspell lsp`, which speaks through pipes. */

import * as vscode from 'vscode';
import { LanguageClient, type LanguageClientOptions, RevealOutputChannelOn } from 'vscode-languageclient/node';
import type { Client } from './languageServer';
import { LiveValues } from './liveValues';
import { SERVED } from './served';

export function clientOf(command: string): Client {
    const client = new LanguageClient('llmspell', 'llmspell', { command, args: ['lsp'] }, options());
    client.registerFeature(LiveValues.capability);
    let live: LiveValues | undefined;
    return {
        async start(): Promise<void> {
            await client.start();
            live = new LiveValues(client);
        },
        async dispose(): Promise<void> {
            live?.dispose();
            await client.dispose();
        },
    };
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
