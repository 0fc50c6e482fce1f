"use strict";

const assert = require("node:assert/strict");
const { connect, line, outputOf, program, topFrame } = require("../adapter.js");

describe("execution", () => {
  let client;
  beforeEach(async () => (client = await connect()));
  afterEach(() => client.stop());

  // Go on by `request` and return where the program stops next.
  async function step(request, threadId) {
    const stopped = client.waitForEvent("stopped", 30_000);
    await request.call(client, { threadId });
    const { body } = await stopped;
    assert.equal(body.reason, "step");
    return (await topFrame(client, body.threadId)).line;
  }

  it("steps into, over and out of a function", async () => {
    await client.hitBreakpoint({ program }, { path: program, line: line("loop") });
    const threadId = (await client.threadsRequest()).body.threads[0].id;
    assert.equal(await step(client.stepInRequest, threadId), line("total") - 1);
    assert.equal(await step(client.nextRequest, threadId), line("total"));
    const caller = await step(client.stepOutRequest, threadId);
    assert.ok([line("return"), line("loop")].includes(caller), `stopped at line ${caller}`);
  });

  it("stops on entry when it is asked to", async () => {
    await Promise.all([
      client.configurationSequence(),
      client.launch({ program, stopOnEntry: true }),
      client.assertStoppedLocation("entry", { path: program, line: 2 }),
    ]);
  });

  it("stops on an error nobody catches, with its text and its frame", async () => {
    const stopped = client.waitForEvent("stopped", 30_000);
    await Promise.all([
      client
        .waitForEvent("initialized")
        .then(() => client.setExceptionBreakpointsRequest({ filters: ["uncaught"] }))
        .then(() => client.configurationDoneRequest()),
      client.initializeRequest().then(() => client.launchRequest({ program, args: ["plum"] })),
    ]);
    const { body } = await stopped;
    assert.equal(body.reason, "exception");
    assert.equal((await topFrame(client, body.threadId)).line, line("total") - 1);
    const details = (await client.exceptionInfoRequest({ threadId: body.threadId })).body;
    assert.match(details.description, /no price for plum/);
  });

  it("runs to the end without a breakpoint, and all its output arrives", async () => {
    const output = outputOf(client);
    await Promise.all([client.configurationSequence(), client.launch({ program })]);
    assert.equal(await output, "1\t6\n2\t26\n3\t29\nsum\t29\n");
  });

  it("refuses a program that is not there with a message that names it", async () => {
    const configured = client
      .waitForEvent("initialized")
      .then(() => client.configurationDoneRequest())
      .catch(() => {}); // nothing is left to configure
    await client.initializeRequest();
    const launched = client.launchRequest({ program: `${program}.missing` });
    await assert.rejects(launched, /shop\.lua\.missing/);
    await configured;
  });
});
