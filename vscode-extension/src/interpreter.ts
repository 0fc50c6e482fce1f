/** The Python that the Python extension has chosen, where that extension is installed. */

import * as vscode from 'vscode';

export class Interpreter {
    async file(): Promise<string | undefined> {
        const extension = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
        try {
            const api = extension?.isActive ? extension.exports : await extension?.activate();
            const file = api?.environments.getActiveEnvironmentPath().path;
            return file?.includes('python') ? file : undefined; // else it is a folder, or the word "python"
        } catch {
            return undefined;
        }
    }
}

/** What we use of https://github.com/microsoft/vscode-python (its public API, environments). */
interface PythonExtension {
    readonly environments: { getActiveEnvironmentPath(): { readonly path: string } };
}
