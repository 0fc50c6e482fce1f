import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ConfiguredLua } from '../configuredLua';
import { Installations } from '../installation';
import { StatusItem } from '../statusItem';
import { debug, window } from './editor';

/** A program that is attached to, which answers from when it has begun. */
class Attached {
    readonly type = 'llmspell';
    readonly configuration = { request: 'attach' };
    hasBegun = false;
    private asked = Promise.resolve();

    customRequest(): Promise<{ result: string }> {
        const answer = this.hasBegun ? Promise.resolve({ result: '"Lua 5.3"' }) : Promise.reject(new Error('configuring'));
        this.asked = answer.then(() => undefined, () => undefined);
        return answer;
    }

    /** Until what was answered has been shown. */
    async settle(): Promise<void> {
        await this.asked;
        await new Promise(setImmediate);
    }
}

let installations: Installations;
let item: StatusItem;
let session: Attached;

beforeEach(() => {
    session = new Attached();
    debug.activeDebugSession = session;
    installations = new Installations();
    item = new StatusItem(new ConfiguredLua(installations));
});
afterEach(() => {
    debug.activeDebugSession = undefined;
    item.dispose();
    installations.dispose();
});

test('a program that is attached to is asked again once it has begun', async () => {
    await session.settle();
    assert.equal(window.item.text, '$(debug) Lua');
    session.hasBegun = true;
    debug.trackers?.createDebugAdapterTracker().onDidSendMessage({ type: 'event', event: 'process' });
    await session.settle();
    assert.equal(window.item.text, '$(debug) Lua 5.3');
});
