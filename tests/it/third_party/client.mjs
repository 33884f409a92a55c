// Drives the server given on the command line with the two generations of the TypeScript client. The folder of their
// packages is the second argument. Exits 0 when all is well.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [command, packages] = process.argv.slice(2);
const from = createRequire(packages + "/package.json");
const load = (name) => import(pathToFileURL(from.resolve(name)));
const { Client: First } = await load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport: FirstTransport } = await load("@modelcontextprotocol/sdk/client/stdio.js");
const { Client: Second } = await load("@modelcontextprotocol/client");
const { StdioClientTransport: SecondTransport } = await load("@modelcontextprotocol/client/stdio");

const info = { name: "tests", version: "1" };
const generations = [
  ["v1", First, FirstTransport, { capabilities: {} }],
  ["v2", Second, SecondTransport, { capabilities: {} }],
  ["v2 auto", Second, SecondTransport, { capabilities: {}, versionNegotiation: { mode: "auto" } }],
  ["v2 pinned", Second, SecondTransport, { capabilities: {}, versionNegotiation: { mode: { pin: "2026-07-28" } } }],
];

const warnings = [];
console.warn = (...words) => warnings.push(words.join(" "));

for (const [name, Client, Transport, options] of generations) {
  const client = new Client(info, options);
  await client.connect(new Transport({ command, env: process.env, stderr: "ignore" }));
  assert.equal(client.getServerVersion()?.name, "carryall", name);
  const { tools } = await client.listTools();
  assert.ok(tools.some((tool) => tool.name === "write_context"), name);
  const content = `Ana drinks tea with ${name.replace(" ", "")}`;
  const stored = await client.callTool({ name: "remember", arguments: { content } });
  assert.equal(stored.structuredContent.memories[0].status, "stored", name);
  const found = await client.callTool({ name: "recall", arguments: { query: name.replace(" ", "") } });
  assert.equal(found.structuredContent.memories[0].content, content, name);
  assert.ok(found.content[0].text.includes(content), name);
  // The client checks structured content against the output schema, so each kind of data goes through it once.
  for (const data of [{ step: 1 }, [1, [2]], "text", 5, true, null]) {
    const at = { scope: "session", owner: name, key: "plan" };
    await client.callTool({ name: "write_context", arguments: { ...at, data } });
    const read = await client.callTool({ name: "read_context", arguments: at });
    assert.deepEqual(read.structuredContent.contexts[0].data, data, name);
  }
  for (const [tool, arguments_] of [
    ["index_workspace", { paths: ["."] }],
    ["search_workspace", { query: "tea" }],
    ["assemble_context", { query: "tea" }],
    ["ask", { message: "who drinks tea?", provider: "extractive" }],
    ["get_trace", { limit: 1 }],
    ["forget", { ids: ["none"] }],
  ]) {
    const result = await client.callTool({ name: tool, arguments: arguments_ });
    assert.ok(!result.isError && result.structuredContent.trace_id, `${name}: ${JSON.stringify(result)}`);
  }
  const wrong = await client.callTool({ name: "recall", arguments: { query: 5 } });
  assert.ok(wrong.isError && wrong.content[0].text.includes("`query` is 5"), name);
  const id = stored.structuredContent.memories[0].id;
  const read = await client.readResource({ uri: `carryall://memory/${id}` });
  assert.ok(read.contents[0].text.includes(content), name);
  assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 6, name);
  const prompt = await client.getPrompt({ name: "decide", arguments: { question: "tea or coffee" } });
  assert.ok(prompt.messages[0].content.text.includes("tea or coffee"), name);
  const argument = { name: "name", value: "rec" };
  const completed = await client.complete({ ref: { type: "ref/resource", uri: "carryall://schema/{name}" }, argument });
  assert.deepEqual(completed.completion.values, ["recall"], name);
  await assert.rejects(client.callTool({ name: "no_such_tool", arguments: {} }), /no_such_tool/, name);
  await client.close();
}
assert.deepEqual(warnings, [], "a client warns");
console.log("ok");
