/** What the user is told, and offered, where there is no llmspell that can be used. */

import * as vscode from 'vscode';
import { type Finding, NEEDED_VERSION } from './places';
import { line } from './shell';

export const INSTALL_COMMAND = 'llmspell.install';

/** Installs or upgrades in a terminal, where the user sees what happens. */
export function install(interpreter: string | undefined): void {
    const python = interpreter ?? (process.platform === 'win32' ? 'py' : 'python3');
    const terminal = vscode.window.createTerminal('Install llmspell');
    terminal.show();
    terminal.sendText(line([[python, '-m', 'pip', 'install', '--upgrade', 'llmspell']], vscode.env.shell));
}

/** Says what is wrong, and does what the user chooses. */
export async function complain(finding: Exclude<Finding, { kind: 'found' }>): Promise<void> {
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
