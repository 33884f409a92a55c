// Serves a stdio server over HTTP for tools that speak nothing else, and changes no byte of its answers: the server's
// lines go out as events just as they are. An `initialize` starts a process of its own, named by the session header;
// a request without a session gets a process for itself, as the modern lifecycle allows.
//
//   node bridge.mjs SERVER     prints its address

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const sessions = new Map();

class Server {
  constructor() {
    this.child = spawn(process.argv[2], [], { stdio: ["pipe", "pipe", "ignore"] });
    this.listeners = new Set();
    let rest = "";
    this.child.stdout.setEncoding("utf8").on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) for (const listener of [...this.listeners]) listener(line);
    });
    this.child.stdin.on("error", () => {});
  }

  send(message) {
    this.child.stdin.write(JSON.stringify(message) + "\n");
  }

  end() {
    this.child.stdin.end();
  }
}

async function post(request, response) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const message = JSON.parse(body);
  const begins = message.method === "initialize";
  const id = begins ? randomUUID() : request.headers["mcp-session-id"];
  if (begins) sessions.set(id, new Server());
  if (id && !sessions.has(id)) return response.writeHead(404).end();
  const server = id ? sessions.get(id) : new Server();
  const headers = { "content-type": "text/event-stream", ...(id && { "mcp-session-id": id }) };
  if (message.id === undefined || message.method === undefined) {
    server.send(message);
    if (!id) server.end();
    return response.writeHead(202).end();
  }
  response.writeHead(200, headers);
  const listener = (line) => {
    const said = JSON.parse(line);
    const token = message.params?._meta?.progressToken;
    const answers = said.id === message.id && said.method === undefined;
    const belongs = answers || (token !== undefined && said.params?.progressToken === token);
    if (belongs) response.write(`data: ${line}\n\n`);
    if (!answers) return;
    server.listeners.delete(listener);
    response.end();
    if (!id) server.end();
  };
  server.listeners.add(listener);
  server.send(message);
}

const bridge = createServer((request, response) => {
  if (request.method === "POST") {
    post(request, response).catch(() => response.writeHead(400).end());
  } else if (request.method === "DELETE") {
    sessions.get(request.headers["mcp-session-id"])?.end();
    sessions.delete(request.headers["mcp-session-id"]);
    response.writeHead(200).end();
  } else {
    response.writeHead(405).end();
  }
});
bridge.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${bridge.address().port}/mcp`));
// It ends with whoever started it.
process.stdin.resume().on("end", () => process.exit(0));
