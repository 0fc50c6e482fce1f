/** Lets the user choose among the Lua programs and kernels that can be debugged. */

import * as vscode from 'vscode';
import { type Address, addressIn } from './address';
import type { Installations } from './installation';
import { choices, type Listening } from './listed';
import { output } from './places';

/** The address of the chosen program; undefined if none was chosen. */
export async function pickProgram(installations: Installations): Promise<Address | undefined> {
    const installation = await installations.need();
    if (!installation) return undefined;
    const programs = await listening(installation.command);
    const other = { label: 'Another address…', description: 'host:port', program: undefined };
    const items = choices(programs);
    const placeHolder = programs.length
        ? 'Which program?'
        : 'No program waits for a debugger. Start one with: llmspell debug script.lua --dap-port 0';
    const chosen = await vscode.window.showQuickPick([...items, other], { placeHolder, matchOnDetail: true });
    if (!chosen) return undefined;
    return chosen.program ? { host: chosen.program.host, port: chosen.program.port } : askForAddress();
}

async function listening(command: string): Promise<Listening[]> {
    try {
        return JSON.parse(await output(command, ['debug', '--list', '--json'])) as Listening[];
    } catch (error) {
        void vscode.window.showWarningMessage(`llmspell could not list the programs: ${(error as Error).message}`);
        return [];
    }
}

async function askForAddress(): Promise<Address | undefined> {
    const text = await vscode.window.showInputBox({
        prompt: 'Where llmspell debug listens',
        value: '127.0.0.1:4711',
        validateInput: value => (addressIn(value) ? undefined : 'host:port, such as 127.0.0.1:4711'),
    });
    return text === undefined ? undefined : addressIn(text);
}
