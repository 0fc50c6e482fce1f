/** Stands in for the module `vscode` where a test runs without the editor: what our sources use of it. */

import { EventEmitter as Events } from 'node:events';

type Listener<T> = (value: T) => unknown;

export class EventEmitter<T> {
    private readonly events = new Events();
    readonly event = (listener: Listener<T>): { dispose(): void } => {
        this.events.on('fired', listener);
        return { dispose: () => this.events.off('fired', listener) };
    };

    fire(value: T): void {
        this.events.emit('fired', value);
    }

    dispose(): void {
        this.events.removeAllListeners();
    }
}

/** What a test sets, and what it looks at. */
export const state = {
    settings: {} as Record<string, unknown>,
    extensions: {} as Record<string, unknown>,
    /** What the editor was told with `setContext`. */
    context: {} as Record<string, unknown>,
    /** What the user was shown. */
    said: [] as string[],
    /** The buttons of the latest message. */
    offered: [] as string[],
    /** What was typed into terminals. */
    typed: [] as string[],
    /** The button that the user clicks. */
    choice: undefined as string | undefined,
};

const never = new EventEmitter<never>().event;

const item = { text: '', show: () => undefined, hide: () => undefined, dispose: () => undefined };

const show = async (message: string, ...buttons: string[]): Promise<string | undefined> => {
    state.said.push(message);
    state.offered = buttons;
    return state.choice;
};

export const window = {
    activeTextEditor: undefined as unknown,
    onDidChangeActiveTextEditor: never,
    /** Of the only item that there is. */
    item,
    createStatusBarItem: () => item,
    createTerminal: () => ({ show: () => undefined, sendText: (text: string) => state.typed.push(text) }),
    showErrorMessage: show,
    showWarningMessage: show,
};

export const env = { shell: '/bin/sh' };

export const workspace = {
    workspaceFolders: undefined as unknown,
    onDidChangeConfiguration: never,
    onDidChangeWorkspaceFolders: never,
    createFileSystemWatcher: () => ({ onDidChange: never, onDidCreate: never, onDidDelete: never, dispose: () => undefined }),
    getConfiguration: () => ({ get: (name: string, silent: unknown) => state.settings[name] ?? silent }),
};

export const StatusBarAlignment = { Right: 2 };

interface Trackers {
    createDebugAdapterTracker(): { onDidSendMessage(message: unknown): void };
}

export const debug = {
    activeDebugSession: undefined as unknown,
    onDidChangeActiveDebugSession: never,
    trackers: undefined as Trackers | undefined,
    registerDebugAdapterTrackerFactory(_type: string, trackers: Trackers): { dispose(): void } {
        debug.trackers = trackers;
        return { dispose: () => undefined };
    },
};

const changed = new EventEmitter<void>();

export const extensions = {
    onDidChange: changed.event,
    getExtension: (name: string): unknown => state.extensions[name],
};

/** Somebody installs or removes an extension while the editor is open. */
export function install(name: string, extension?: unknown): void {
    state.extensions[name] = extension;
    changed.fire();
}

export const commands = {
    registerCommand: () => ({ dispose: () => undefined }),

    async executeCommand(_name: string, key: string, value: unknown): Promise<void> {
        state.context[key] = value;
    },
};
