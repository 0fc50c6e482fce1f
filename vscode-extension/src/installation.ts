/** Finds `llmspell` for this workspace, and notices when it comes, changes or goes. */

import * as vscode from 'vscode';
import { Interpreter } from './interpreter';
import { complain } from './missing';
import { find, type Finding, type Installation, isSame, present, type Search, type Surroundings } from './places';

/** Milliseconds between two looks at the files. Nothing tells of what is installed outside the workspace. */
const INTERVAL = 2000;

/** Remembers what was found until a setting, the interpreter or the file has changed. */
export class Installations implements vscode.Disposable {
    readonly interpreter = new Interpreter();
    private search: Promise<Search> | undefined;
    private readonly changed = new vscode.EventEmitter<void>();
    /** Another installation may be the right one now. */
    readonly onDidChange = this.changed.event;
    private readonly subscriptions: vscode.Disposable[];

    constructor(interval = INTERVAL) {
        const clock = setInterval(() => void this.check(), interval);
        this.subscriptions = [
            this.changed,
            this.interpreter,
            this.interpreter.onDidChange(() => this.forget()),
            vscode.workspace.onDidChangeConfiguration(event => {
                if (event.affectsConfiguration('llmspell.path')) this.forget();
            }),
            vscode.workspace.onDidChangeWorkspaceFolders(() => this.forget()),
            { dispose: () => clearInterval(clock) },
        ];
        void this.look();
    }

    /** The installation; undefined if there is none that can be used, which the user is told of. */
    async need(): Promise<Installation | undefined> {
        await this.check();
        let finding = await this.look();
        if (finding.kind !== 'found') { // what it lacked may be there by now
            this.search = undefined;
            finding = await this.look();
            if (finding.kind === 'found') this.changed.fire();
        }
        if (finding.kind === 'found') return finding.installation;
        void complain(finding);
        return undefined;
    }

    /** As `need`, but nothing is said. */
    async look(): Promise<Finding> {
        const search = this.search ??= this.surroundings().then(find);
        const { finding } = await search;
        if (search === this.search) tell(finding);
        return finding;
    }

    dispose(): void {
        this.subscriptions.forEach(each => each.dispose());
    }

    /** Looks anew if another file is there than the one that was asked. */
    private async check(): Promise<void> {
        const search = this.search;
        if (!search) return;
        const { around, file } = await search;
        const isCurrent = isSame(file, await present(around));
        if (!isCurrent && search === this.search) this.forget();
    }

    private forget(): void {
        this.search = undefined;
        void this.look(); // also where nobody asks, the palette is to be right
        this.changed.fire();
    }

    private async surroundings(): Promise<Surroundings> {
        const settings = vscode.workspace.getConfiguration('llmspell');
        return {
            setting: settings.get<string>('path', '').trim(),
            folders: (vscode.workspace.workspaceFolders ?? []).map(folder => folder.uri.fsPath),
            interpreter: await this.interpreter.file(),
            environment: process.env,
            platform: process.platform,
        };
    }
}

/** Lets the palette and the walkthrough know. */
function tell(finding: Finding): void {
    const serves = finding.kind === 'found' ? finding.installation.serves : new Set<string>();
    void vscode.commands.executeCommand('setContext', 'llmspell.isInstalled', finding.kind === 'found');
    for (const command of ['repl', 'kernel']) {
        void vscode.commands.executeCommand('setContext', `llmspell.serves.${command}`, serves.has(command));
    }
}
