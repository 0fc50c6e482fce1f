/** Tells the language server where a session is stopped, and what expressions are worth there. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import type { ClientCapabilities, LanguageClient, StaticFeature } from 'vscode-languageclient/node';
import { TYPE } from './configuration';
import { findFrame } from './frames';

interface Question {
    readonly expression: string;
}

interface Beginning {
    /** What stands before the cursor. */
    readonly text: string;
    /** Of the cursor in it, from 0. */
    readonly column: number;
}

export class LiveValues implements vscode.Disposable {
    /** Says to the server that it may ask. */
    static readonly capability: StaticFeature = {
        fillClientCapabilities(capabilities: ClientCapabilities): void {
            capabilities.experimental = { ...(capabilities.experimental as object), llmspell: { liveValues: true } };
        },
        initialize: () => undefined,
        getState: () => ({ kind: 'static' }),
        clear: () => undefined,
    };

    private frame: vscode.DebugStackFrame | undefined;
    private readonly subscriptions: vscode.Disposable[];

    constructor(private readonly client: LanguageClient) {
        this.subscriptions = [
            client.onRequest('llmspell/evaluate', (question: Question) => this.evaluate(question)),
            client.onRequest('llmspell/completions', (beginning: Beginning) => this.complete(beginning)),
            vscode.debug.onDidChangeActiveStackItem(item => void this.moved(item)),
        ];
        void this.moved(vscode.debug.activeStackItem);
    }

    dispose(): void {
        this.subscriptions.forEach(each => each.dispose());
    }

    private async moved(item: vscode.DebugThread | vscode.DebugStackFrame | undefined): Promise<void> {
        const frame = item && 'frameId' in item && item.session.type === TYPE ? item : undefined;
        if (!frame && !this.frame) return;
        this.frame = frame;
        const place = frame && (await placeOf(frame));
        if (this.frame !== frame) return; // it went on in the meantime
        await (place ? this.client.sendNotification('llmspell/stopped', place) : this.client.sendNotification('llmspell/continued', {}));
    }

    private async evaluate(question: Question): Promise<{ result: string; type: string | undefined } | null> {
        const body = await this.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', { expression: question.expression, context: 'hover' });
        return body && { result: body.result, type: body.type };
    }

    private async complete(beginning: Beginning): Promise<DebugProtocol.CompletionItem[] | null> {
        const body = await this.ask<DebugProtocol.CompletionsResponse['body']>('completions', { text: beginning.text, column: beginning.column + 1 });
        return body && body.targets;
    }

    /** Null if nothing is stopped, or the adapter has no answer. */
    private async ask<Body>(command: string, args: object): Promise<Body | null> {
        const frame = this.frame;
        if (!frame) return null;
        try {
            return (await frame.session.customRequest(command, { ...args, frameId: frame.frameId })) as Body;
        } catch {
            return null;
        }
    }
}

async function placeOf(frame: vscode.DebugStackFrame): Promise<{ uri: string; line: number } | undefined> {
    try {
        const { session, threadId } = frame;
        const found = await findFrame(page => session.customRequest('stackTrace', { threadId, ...page }), frame.frameId);
        if (!found?.source?.path) return undefined;
        return { uri: fileUri(found.source.path).toString(), line: found.line - 1 };
    } catch {
        return undefined;
    }
}

/** In a remote window the editor has made the adapter's path into a URI of its own. */
function fileUri(path: string): vscode.Uri {
    const isUri = /^[a-z][\w+.-]+:\/\//i.test(path);
    return isUri ? vscode.Uri.file(vscode.Uri.parse(path).fsPath) : vscode.Uri.file(path);
}
