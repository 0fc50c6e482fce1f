/** Finds a frame in a stack that may be very deep. Knows nothing of the editor. */

import type { DebugProtocol } from '@vscode/debugprotocol';

type Stack = DebugProtocol.StackTraceResponse['body'];
type Page = Pick<DebugProtocol.StackTraceArguments, 'startFrame' | 'levels'>;

/** Frames that are asked for at once, at most. */
const MOST = 1000;

/**
 * The frame with that id; undefined if the stack has none. It is nearly always the first one, or
 * among the first ones, so more and more are asked for.
 */
export async function findFrame(ask: (page: Page) => PromiseLike<Stack>, id: number): Promise<DebugProtocol.StackFrame | undefined> {
    let startFrame = 0;
    for (let levels = 1; ; levels = Math.min(2 * levels, MOST)) {
        const { stackFrames } = await ask({ startFrame, levels });
        const found = stackFrames.find(each => each.id === id);
        if (found || stackFrames.length < levels) return found;
        startFrame += levels;
    }
}
