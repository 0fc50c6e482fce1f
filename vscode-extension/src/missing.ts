/** What the user is told, and offered, where there is no llmspell that can be used. */

import * as vscode from 'vscode';
import { installing } from './installing';
import { type Finding, NEEDED_VERSION, type Search } from './places';
import { type Commands, line } from './shell';

export const INSTALL_COMMAND = 'llmspell.install';

/** Installs or upgrades in a terminal, where the user sees what happens; says why where that cannot help. */
export async function install(search: Search): Promise<void> {
    const commands = await installing(search);
    if (!commands) return complain(search.finding, undefined);
    const terminal = vscode.window.createTerminal('Install llmspell');
    terminal.show();
    terminal.sendText(line(commands, vscode.env.shell));
}

/** Says what is wrong, and does what the user chooses. */
export async function complain(finding: Finding, commands: Commands | undefined): Promise<void> {
    const [installation, settings] = ['Install in Terminal', 'Open Settings'];
    const way = commands ? ` Install it with: ${line(commands, vscode.env.shell)}` : '';
    const buttons = commands ? [installation, settings] : [settings];
    const chosen = await vscode.window.showErrorMessage(problem(finding) + way, ...buttons);
    if (chosen === installation) await vscode.commands.executeCommand(INSTALL_COMMAND);
    if (chosen === settings) await vscode.commands.executeCommand('workbench.action.openSettings', 'llmspell.path');
}

function problem(finding: Finding): string {
    switch (finding.kind) {
        case 'missing':
            return finding.setting
                ? `There is no program ${finding.setting}, which the setting llmspell.path names.`
                : 'llmspell was not found in the workspace\'s virtual environment, beside the Python extension\'s ' +
                  'interpreter, or on the path.';
        case 'old':
            return `${finding.installation.command} is llmspell ${finding.installation.version}; ` +
                `this extension needs ${NEEDED_VERSION} or newer.`;
        case 'broken':
            return `${finding.command} does not run: ${finding.reason}.`;
        case 'found':
            return `The Python of ${finding.installation.command} was not found: upgrade it in the way it was installed.`;
    }
}
