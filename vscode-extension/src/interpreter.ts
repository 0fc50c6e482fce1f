/** The Python that the Python extension has chosen, where that extension is installed. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { isExecutable } from './places';

export class Interpreter implements vscode.Disposable {
    private environments: Promise<Environments | undefined> | undefined;
    private readonly changed = new vscode.EventEmitter<void>();
    /** Another one was chosen, or there may be one at all. */
    readonly onDidChange = this.changed.event;
    private readonly subscriptions: vscode.Disposable[] = [
        this.changed,
        vscode.extensions.onDidChange(() => void this.lookForExtension()),
    ];

    /** Undefined if none is chosen; what is chosen may also be a folder, or the bare word "python". */
    async file(): Promise<string | undefined> {
        this.environments ??= this.connect();
        const environments = await this.environments;
        if (!environments) this.environments = undefined; // the extension may be installed yet
        const chosen = environments?.getActiveEnvironmentPath().path;
        return chosen && path.isAbsolute(chosen) && await isExecutable(chosen) ? chosen : undefined;
    }

    dispose(): void {
        this.subscriptions.forEach(each => each.dispose());
    }

    /** It may have been installed while the editor is open. */
    private async lookForExtension(): Promise<void> {
        if (!(await this.environments) && extension()) this.changed.fire();
    }

    private async connect(): Promise<Environments | undefined> {
        try {
            const found = extension();
            const api = found?.isActive ? found.exports : await found?.activate();
            if (api) this.subscriptions.push(api.environments.onDidChangeActiveEnvironmentPath(() => this.changed.fire()));
            return api?.environments;
        } catch {
            return undefined;
        }
    }
}

function extension(): vscode.Extension<PythonExtension> | undefined {
    return vscode.extensions.getExtension('ms-python.python');
}

/** What we use of https://github.com/microsoft/vscode-python (its public API). */
interface PythonExtension {
    readonly environments: Environments;
}

interface Environments {
    getActiveEnvironmentPath(): { readonly path: string };
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
}
