/** Shows which Lua the session runs on, or which one the open file is taken for. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import { TYPE } from './configuration';
import type { ConfiguredLua } from './configuredLua';
import { nameOf } from './luas';

export class StatusItem implements vscode.Disposable {
    private readonly item = vscode.window.createStatusBarItem('llmspell.lua', vscode.StatusBarAlignment.Right, 90);
    private readonly subscriptions: vscode.Disposable[];

    constructor(private readonly configured: ConfiguredLua) {
        this.item.name = 'Lua version';
        this.item.command = 'llmspell.selectLua';
        const update = () => void this.update();
        this.subscriptions = [
            this.item,
            vscode.debug.onDidChangeActiveDebugSession(update),
            vscode.window.onDidChangeActiveTextEditor(update),
            vscode.workspace.onDidChangeConfiguration(update),
            configured.onDidChange(update),
            vscode.debug.registerDebugAdapterTrackerFactory(TYPE, onBegin(update)),
        ];
        update();
    }

    dispose(): void {
        this.subscriptions.forEach(each => each.dispose());
    }

    private async update(): Promise<void> {
        const session = vscode.debug.activeDebugSession;
        if (session?.type === TYPE) {
            const lua = await this.luaOf(session);
            if (session === vscode.debug.activeDebugSession) this.show(`$(debug) ${lua}`, 'The Lua that the session runs on');
            return;
        }
        const document = vscode.window.activeTextEditor?.document;
        if (document?.languageId !== 'lua') {
            this.item.hide();
            return;
        }
        const version = await this.configured.for(document);
        if (document !== vscode.window.activeTextEditor?.document) return; // another one was opened meanwhile
        this.show(nameOf(version), 'The Lua that F5 runs this file on. Click to choose another one.');
    }

    private show(text: string, tooltip: string): void {
        this.item.text = text;
        this.item.tooltip = tooltip;
        this.item.show();
    }

    /** Of a session that was launched it is known; a program that was attached to is asked. */
    private async luaOf(session: vscode.DebugSession): Promise<string> {
        const { request, lua, cwd } = session.configuration as { request: string; lua?: string; cwd?: string };
        if (lua) return nameOf(lua);
        if (request === 'launch' && cwd) return nameOf(await this.configured.in(cwd));
        try {
            const expression = 'jit and jit.version or _VERSION';
            const answer = (await session.customRequest('evaluate', { expression, context: 'clipboard' })) as { result: string };
            return answer.result.replaceAll('"', '');
        } catch {
            return 'Lua'; // it answers once it has begun
        }
    }
}

/** Before a program has begun it cannot be asked; nothing but the adapter tells when it has. */
function onBegin(act: () => void): vscode.DebugAdapterTrackerFactory {
    const onDidSendMessage = (message: DebugProtocol.Event): void => {
        if (message.event === 'process') act();
    };
    return { createDebugAdapterTracker: () => ({ onDidSendMessage }) };
}
