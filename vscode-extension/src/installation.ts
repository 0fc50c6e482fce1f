/** Finds `llmspell` for this workspace, and says what to do when it is not there. */

import * as vscode from 'vscode';
import { NEEDED_VERSION, find, type Finding, type Installation } from './places';

export const INSTALL_COMMAND = 'llmspell.install';

/** Remembers what was found until a setting, the path or the interpreter may have changed. */
export class Installations implements vscode.Disposable {
    private finding: Promise<Finding> | undefined;
    private readonly subscriptions: vscode.Disposable[] = [];
    private readonly changed = new vscode.EventEmitter<void>();
    /** Another installation may be the right one now. */
    readonly onDidChange = this.changed.event;

    constructor() {
        this.subscriptions.push(
            this.changed,
            vscode.workspace.onDidChangeConfiguration(event => {
                if (event.affectsConfiguration('llmspell.path')) this.forget();
            }),
            vscode.workspace.onDidChangeWorkspaceFolders(() => this.forget()));
    }

    /** The installation; undefined if there is none that can be used, which the user is told of. */
    async need(): Promise<Installation | undefined> {
        let finding = await this.look();
        if (finding.kind !== 'found') { // the user may have installed it by now
            this.finding = undefined;
            finding = await this.look();
            if (finding.kind === 'found') this.changed.fire();
        }
        if (finding.kind === 'found') return finding.installation;
        void complain(finding);
        return undefined;
    }

    /** As `need`, but nothing is said. */
    async look(): Promise<Finding> {
        this.finding ??= surroundings().then(find);
        const finding = await this.finding;
        const serves = finding.kind === 'found' ? finding.installation.serves : new Set<string>();
        void vscode.commands.executeCommand('setContext', 'llmspell.isInstalled', finding.kind === 'found');
        for (const command of ['repl', 'kernel']) {
            void vscode.commands.executeCommand('setContext', `llmspell.serves.${command}`, serves.has(command));
        }
        return finding;
    }

    private forget(): void {
        this.finding = undefined;
        this.changed.fire();
    }

    dispose(): void {
        this.subscriptions.forEach(each => each.dispose());
    }
}

/** Installs or upgrades in a terminal, where the user sees what happens. */
export async function install(): Promise<void> {
    const python = (await interpreter()) ?? (process.platform === 'win32' ? 'py' : 'python3');
    const terminal = vscode.window.createTerminal('Install llmspell');
    terminal.show();
    terminal.sendText(`${quoted(python)} -m pip install --upgrade llmspell`);
}

async function complain(finding: Exclude<Finding, { kind: 'found' }>): Promise<void> {
    const [installing, settings] = ['Install in Terminal', 'Open Settings'];
    const chosen = await vscode.window.showErrorMessage(problem(finding), installing, settings);
    if (chosen === installing) await vscode.commands.executeCommand(INSTALL_COMMAND);
    if (chosen === settings) await vscode.commands.executeCommand('workbench.action.openSettings', 'llmspell.path');
}

function problem(finding: Exclude<Finding, { kind: 'found' }>): string {
    const way = 'Install it with: python3 -m pip install --upgrade llmspell';
    switch (finding.kind) {
        case 'missing':
            return finding.setting
                ? `There is no program ${finding.setting}, which the setting llmspell.path names. ${way}`
                : 'llmspell was not found in the workspace\'s virtual environment, beside the Python extension\'s ' +
                  `interpreter, or on the path. ${way}`;
        case 'old':
            return `${finding.installation.command} is llmspell ${finding.installation.version}; ` +
                `this extension needs ${NEEDED_VERSION} or newer. ${way}`;
        case 'broken':
            return `${finding.command} does not run: ${finding.reason}. ${way}`;
    }
}

async function surroundings(): Promise<Parameters<typeof find>[0]> {
    const settings = vscode.workspace.getConfiguration('llmspell');
    return {
        setting: settings.get<string>('path', '').trim(),
        folders: (vscode.workspace.workspaceFolders ?? []).map(folder => folder.uri.fsPath),
        interpreter: await interpreter(),
        environment: process.env,
        platform: process.platform,
    };
}

/** The Python that the Python extension has chosen, if that is there. */
async function interpreter(): Promise<string | undefined> {
    const extension = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
    try {
        const api = extension?.isActive ? extension.exports : await extension?.activate();
        const file = api?.environments.getActiveEnvironmentPath().path;
        return file?.includes('python') ? file : undefined; // else it is a folder, or the word "python"
    } catch {
        return undefined;
    }
}

/** What we use of https://github.com/microsoft/vscode-python (its public API, environments). */
interface PythonExtension {
    readonly environments: { getActiveEnvironmentPath(): { readonly path: string } };
}

function quoted(word: string): string {
    return /\s/.test(word) ? `"${word}"` : word;
}
