/** What the editor is given when it opens a Lua file or debugs one. */

import * as vscode from 'vscode';
import { AdapterFactory } from './adapterFactory';
import { registerCommands } from './commands';
import { ConfigurationProvider, DynamicConfigurations, TYPE } from './configuration';
import { ConfiguredLua } from './configuredLua';
import { Installations } from './installation';
import { clientOf } from './languageClient';
import { LanguageServer } from './languageServer';
import { StatusItem } from './statusItem';

export function activate(context: vscode.ExtensionContext): void {
    const installations = new Installations();
    const configured = new ConfiguredLua(installations);
    const server = new LanguageServer(installations, configured, clientOf);
    const dynamic = vscode.DebugConfigurationProviderTriggerKind.Dynamic;
    context.subscriptions.push(
        installations,
        server,
        configured,
        new StatusItem(configured),
        ...registerCommands(installations, configured),
        vscode.debug.registerDebugAdapterDescriptorFactory(TYPE, new AdapterFactory(installations)),
        vscode.debug.registerDebugConfigurationProvider(TYPE, new ConfigurationProvider(installations)),
        vscode.debug.registerDebugConfigurationProvider(TYPE, new DynamicConfigurations(), dynamic));
    void server.restart();
}
