/** Commands as the shells of terminals want them written. Knows nothing of the editor. */

import * as path from 'node:path';

/** Programs and their arguments; each begins if the one before it has succeeded. */
export type Commands = readonly (readonly string[])[];

interface Dialect {
    quoted(word: string): string;
    /** A command whose program is quoted; its words are ready. */
    called(command: string): string;
    both(first: string, second: string): string;
}

const POSIX: Dialect = {
    quoted: word => `'${word.replaceAll("'", "'\\''")}'`,
    called: command => command,
    both: (first, second) => `${first} && ${second}`,
};

const POWERSHELL: Dialect = {
    quoted: word => `'${word.replaceAll("'", "''")}'`,
    called: command => `& ${command}`, // a line that begins with a quote is a value
    both: (first, second) => `${first}; if ($?) { ${second} }`, // Windows has one that knows no &&
};

const CMD: Dialect = { ...POSIX, quoted: word => `"${word}"` };

/** One line for the shell with that file name. */
export function line(commands: Commands, shell: string): string {
    const dialect = dialectOf(shell);
    return commands.map(words => written(words, dialect)).reduceRight((rest, first) => dialect.both(first, rest));
}

function written(words: readonly string[], dialect: Dialect): string {
    const ready = words.map(word => (isPlain(word, dialect) ? word : dialect.quoted(word)));
    const command = ready.join(' ');
    return ready[0] === words[0] ? command : dialect.called(command);
}

/** Whether no shell sees more in it than the letters; a backslash is one of them on Windows only. */
function isPlain(word: string, dialect: Dialect): boolean {
    return (dialect === POSIX ? /^[\w@%+=:./-]+$/ : /^[\w:.\\/+-]+$/).test(word);
}

function dialectOf(shell: string): Dialect {
    const name = path.win32.basename(shell).toLowerCase().replace(/\.exe$/, '');
    if (name === 'cmd') return CMD;
    return name === 'powershell' || name === 'pwsh' || name === 'pwsh-preview' ? POWERSHELL : POSIX;
}
