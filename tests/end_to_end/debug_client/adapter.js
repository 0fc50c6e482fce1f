"use strict";
// What every story needs: the adapter, a client connected to it, and the program's marked lines.

const fs = require("node:fs");
const path = require("node:path");
const { DebugClient } = require("@vscode/debugadapter-testsupport");

// The command that speaks DAP on its standard streams, or the port where an adapter listens.
const command = JSON.parse(process.env.ADAPTER ?? "[]");
const port = process.env.PORT ? Number(process.env.PORT) : undefined;

const program = path.join(__dirname, "..", "programs", "shop.lua");

async function connect() {
  const client = new DebugClient(command[0], command[1], "llmspell", undefined, true);
  client.defaultTimeout = 30_000;
  await client.start(port);
  return client;
}

// The number of the line that ends in `-- @name`.
function line(name) {
  const lines = fs.readFileSync(program, "utf8").split("\n");
  const index = lines.findIndex((text) => text.endsWith(`-- @${name}`));
  if (index < 0) throw new Error(`no line is marked @${name} in ${program}`);
  return index + 1;
}

// The innermost frame of the stopped thread that an editor can show.
async function topFrame(client, threadId) {
  const { body } = await client.stackTraceRequest({ threadId });
  return body.stackFrames.find((frame) => frame.source !== undefined);
}

// Name and value of each variable in the scope of this name.
async function variables(client, frameId, scopeName) {
  const { body } = await client.scopesRequest({ frameId });
  const scope = body.scopes.find((each) => each.name === scopeName);
  const answer = await client.variablesRequest(scope);
  return Object.fromEntries(answer.body.variables.map((each) => [each.name, each.value]));
}

// Everything written to stdout until the program has ended.
function outputOf(client) {
  let text = "";
  client.on("output", ({ body }) => {
    if (body.category === "stdout") text += body.output;
  });
  return client.waitForEvent("terminated", 30_000).then(() => text);
}

module.exports = { connect, line, outputOf, program, topFrame, variables };
