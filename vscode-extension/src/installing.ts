/** How llmspell is installed or upgraded where it will be found. Knows nothing of the editor. */

import * as path from 'node:path';
import { environmentsOf, homeOf, type Search, type Surroundings } from './places';
import { asked, firstOf, namesOfPython, ownerOf, type Python, pythonIn, takesPackages } from './python';
import type { Commands } from './shell';

/** What is made where there is no environment. */
const ENVIRONMENT = '.venv';

/** Undefined where installing cannot help. */
export async function installing({ around, finding }: Search): Promise<Commands | undefined> {
    switch (finding.kind) {
        case 'missing':
            return finding.setting ? undefined : anew(around); // where a setting leads, nothing else is looked at
        case 'broken':
            return again(finding.command, around, '--force-reinstall'); // what pip has noted may seem recent
        default:
            return again(finding.installation.command, around);
    }
}

/** Into the environment where it is looked first; outside of one only where Python allows that. */
async function anew(around: Surroundings): Promise<Commands> {
    const present = await firstOf(environmentsOf(around.folders).map(each => pythonIn(each, around.platform)));
    if (present) return into(present);
    const chosen = around.interpreter === undefined ? undefined : await asked(around.interpreter);
    const python = chosen ?? await firstOf(namesOfPython(around.platform));
    const place = around.folders[0] ?? homeOf(around.environment);
    if (python && !takesPackages(python) && place) return intoNew(path.join(place, ENVIRONMENT), python, around);
    return into(python ?? unknown(around));
}

/** For the Python that it belongs to, or else into the only environment that comes before all other places. */
async function again(command: string, around: Surroundings, ...options: string[]): Promise<Commands | undefined> {
    const owner = await ownerOf(command, around.platform);
    if (owner && takesPackages(owner)) return into(owner, ...options);
    const folder = around.folders[0];
    if (around.setting || folder === undefined) return undefined;
    const first = path.join(folder, ENVIRONMENT);
    if (command.startsWith(first + path.sep)) return undefined;
    const present = await asked(pythonIn(first, around.platform));
    if (present) return into(present);
    return intoNew(first, owner ?? await firstOf(namesOfPython(around.platform)) ?? unknown(around), around);
}

function into({ command, isEnvironment, hasPip }: Python, ...options: string[]): Commands {
    const install = [command, '-m', 'pip', 'install', '--upgrade', ...options, 'llmspell'];
    return isEnvironment && !hasPip ? [[command, '-m', 'ensurepip'], install] : [install]; // uv leaves pip out
}

function intoNew(environment: string, base: Python, { platform }: Surroundings): Commands {
    const made = { ...base, command: pythonIn(environment, platform), isEnvironment: true, hasPip: true };
    return [[base.command, '-m', 'venv', environment], ...into(made)];
}

/** None has answered here; the terminal may have one, or says what is missing. */
function unknown({ platform }: Surroundings): Python {
    const [command = 'python3'] = namesOfPython(platform);
    return { command, isEnvironment: false, isManaged: false, hasPip: true };
}
