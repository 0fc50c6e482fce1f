/** Programs that are called llmspell, and Pythons, in folders that can be removed. */

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Python } from '../python';

export const HELP = 'usage: llmspell COMMAND …\n\n  run     Run a Lua script.\n  lsp     Be a language server.\n\n`llmspell …`';

/** The text of one that says its version and commands. */
export const answering = (version: string): string =>
    `[ "$1" = --version ] && echo "llmspell ${version}" || cat <<'END'\n${HELP}\nEND`;

export class Programs {
    readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'programs-'));

    /** One in an environment below the folder; its path. */
    write(environment: string, text: string): string {
        return this.script(path.join(environment, 'bin', 'llmspell'), text);
    }

    /** A Python that says these things of itself; its path. */
    python(environment: string, about: Partial<Python>, name = 'python'): string {
        const said = JSON.stringify({ isEnvironment: false, isManaged: false, hasPip: true, ...about });
        return this.script(path.join(environment, 'bin', name), `echo '${said}'`);
    }

    private script(name: string, text: string): string {
        const file = path.join(this.root, name);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(`${file}.new`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
        fs.renameSync(`${file}.new`, file);
        return file;
    }

    /** All of them. */
    remove(): void {
        fs.rmSync(this.root, { recursive: true, force: true });
    }
}
