/** Finds `llmspell` for this workspace, and notices when it comes, changes or goes. */

import * as vscode from 'vscode';
import { installing } from './installing';
import { Interpreter } from './interpreter';
import { complain, install } from './missing';
import { find, type Finding, type Installation, isSame, present, type Search, type Surroundings } from './places';

/** Milliseconds between two looks at the files. Nothing tells of what is installed outside the workspace. */
const INTERVAL = 2000;

/** Remembers what was found until a setting, the interpreter or the file has changed. */
export class Installations implements vscode.Disposable {
    private readonly interpreter = new Interpreter();
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
        const search = await this.lookAgain();
        if (search.finding.kind === 'found') return search.finding.installation;
        void complain(search.finding, await installing(search));
        return undefined;
    }

    /** Installs or upgrades what this workspace uses, or would use. */
    async install(): Promise<void> {
        await install(await this.lookAgain());
    }

    /** As `need`, but nothing is said. */
    async look(): Promise<Finding> {
        return (await this.latest()).finding;
    }

    dispose(): void {
        this.subscriptions.forEach(each => each.dispose());
    }

    private async latest(): Promise<Search> {
        const search = this.search ??= this.surroundings().then(find);
        const { finding } = await search;
        if (search === this.search) tell(finding);
        return search;
    }

    /** What is true now, also of what has not changed but lacked something. */
    private async lookAgain(): Promise<Search> {
        await this.check();
        const search = await this.latest();
        if (search.finding.kind === 'found') return search;
        this.search = undefined;
        const again = await this.latest();
        if (again.finding.kind === 'found') this.changed.fire();
        return again;
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
