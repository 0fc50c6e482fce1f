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
    /** The button that the user clicks. */
    choice: undefined as string | undefined,
};

const never = new EventEmitter<never>().event;

const show = async (message: string): Promise<string | undefined> => {
    state.said.push(message);
    return state.choice;
};

export const window = {
    activeTextEditor: undefined as unknown,
    showErrorMessage: show,
    showWarningMessage: show,
};

export const workspace = {
    workspaceFolders: undefined as unknown,
    onDidChangeConfiguration: never,
    onDidChangeWorkspaceFolders: never,
    getConfiguration: () => ({ get: (name: string, silent: unknown) => state.settings[name] ?? silent }),
};

export const extensions = {
    getExtension: (name: string): unknown => state.extensions[name],
};

export const commands = {
    async executeCommand(_name: string, key: string, value: unknown): Promise<void> {
        state.context[key] = value;
    },
};
