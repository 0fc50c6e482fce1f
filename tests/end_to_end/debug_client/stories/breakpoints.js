"use strict";

const assert = require("node:assert/strict");
const { connect, line, outputOf, program, topFrame, variables } = require("../adapter.js");

describe("breakpoints", () => {
  let client;
  beforeEach(async () => (client = await connect()));
  afterEach(() => client.stop());

  async function run(breakpoint) {
    const source = { path: program };
    await Promise.all([
      client
        .waitForEvent("initialized")
        .then(() => client.setBreakpointsRequest({ source, breakpoints: [breakpoint] }))
        .then(() => client.configurationDoneRequest()),
      client.initializeRequest().then(() => client.launchRequest({ program })),
    ]);
  }

  it("stop where they are set and show the locals", async () => {
    await client.hitBreakpoint({ program }, { path: program, line: line("total") });
    const { threads } = (await client.threadsRequest()).body;
    const frame = await topFrame(client, threads[0].id);
    const locals = await variables(client, frame.id, "Locals");
    assert.equal(locals.name, '"apple"');
    assert.equal(locals.count, "2");
    assert.equal(locals.price, "3");
  });

  it("let a variable be changed, and the program goes on with it", async () => {
    const output = outputOf(client);
    await client.hitBreakpoint({ program }, { path: program, line: line("print") });
    const { threads } = (await client.threadsRequest()).body;
    const frame = await topFrame(client, threads[0].id);
    const { scopes } = (await client.scopesRequest({ frameId: frame.id })).body;
    const { variablesReference } = scopes.find(({ name }) => name === "Locals");
    await client.setVariableRequest({ variablesReference, name: "sum", value: "40 + 2" });
    await client.continueRequest({ threadId: threads[0].id });
    assert.equal(await output, "1\t6\n2\t26\n3\t29\nsum\t42\n");
  });

  it("stop where their condition holds", async () => {
    const stopped = client.waitForEvent("stopped", 30_000);
    await run({ line: line("loop"), condition: "place == 3" });
    const frame = await topFrame(client, (await stopped).body.threadId);
    const watch = { expression: "sum", frameId: frame.id, context: "watch" };
    assert.equal((await client.evaluateRequest(watch)).body.result, "26");
  });

  it("write their log message in its place among the output and go on", async () => {
    let text = "";
    client.on("output", ({ body }) => (text += body.output));
    const ended = client.waitForEvent("terminated", 30_000);
    await run({ line: line("loop"), logMessage: "{place}: {order[1]}" });
    await ended;
    assert.ok(text.includes("1: apple\n1\t6\n2: pear\n2\t26\n3: apple\n3\t29\nsum\t29\n"), text);
  });
});
