import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFrame } from '../frames';

/** A stack whose frames' ids are 100, 101, …, and how many frames it was asked for each time. */
class Deep {
    readonly asked: number[] = [];

    constructor(private readonly depth: number) {}

    readonly ask = async ({ startFrame = 0, levels = 0 }: { startFrame?: number; levels?: number }) => {
        this.asked.push(levels);
        const count = Math.max(0, Math.min(levels, this.depth - startFrame));
        const stackFrames = Array.from({ length: count }, (_, index) =>
            ({ id: 100 + startFrame + index, name: 'f', line: startFrame + index, column: 1 }));
        return { stackFrames, totalFrames: this.depth };
    };
}

test('for the first frame one is asked for', async () => {
    const stack = new Deep(150_000);
    assert.equal((await findFrame(stack.ask, 100))?.line, 0);
    assert.deepEqual(stack.asked, [1]);
});

test('a frame far down is found', async () => {
    const stack = new Deep(150_000);
    assert.equal((await findFrame(stack.ask, 102_600))?.line, 102_500);
    assert.ok(Math.max(...stack.asked) <= 1000);
});

test('one that is not there is not', async () => {
    for (const depth of [0, 1, 3, 5]) assert.equal(await findFrame(new Deep(depth).ask, 7), undefined);
});
