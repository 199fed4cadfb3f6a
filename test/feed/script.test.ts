import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import type { Feed } from "../../src/feed/server.ts";
import { FakeFlowSource, flowDone, flowWithBody } from "../support/fake-flow-source.ts";
import { startTestFeed, TOKEN } from "../support/feed.ts";

/** What the documentation shows: ws, one subscription, one line a flow. The address comes over standard input. */
const SCRIPT = `
import WebSocket from 'ws';
let text = '';
for await (const chunk of process.stdin) text += chunk;
const feed = JSON.parse(text);
const ws = new WebSocket(feed.url, ['plainwire.feed.v1'], { headers: { authorization: \`Bearer \${feed.token}\` } });
ws.on('open', () => ws.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { events: ['flow.done'], since: 'start' } })));
ws.on('message', d => { const { method, params: p } = JSON.parse(d); if (method === 'flow.done') console.log(p.status, p.method, p.url, p.timing.total); });
`;

/** The terminal UI's client, in a shell that `plainwire env` has set up. */
const PROXIED = `
import { connectFeed } from '../../src/feed/client.ts';
let text = '';
for await (const chunk of process.stdin) text += chunk;
const client = await connectFeed(JSON.parse(text));
console.log(String((await client.body('f_1/res', { decoded: true, limit: 100 })).bytes));
client.close();
`;

it("a ten-line script prints a line for a flow", async () => {
  const source = new FakeFlowSource();
  source.append(flowDone("f_1"));
  const feed = await startTestFeed(source);
  expect(await firstLine(SCRIPT, feed)).toBe("200 GET https://api.example.com/f_1 249.4");
});

it("the client's connections bypass the proxy that the environment names", async () => {
  const source = new FakeFlowSource();
  source.append(flowWithBody(source, "f_1", { content: "hello" }));
  const feed = await startTestFeed(source);
  const nowhere = "http://127.0.0.1:9";
  const environment = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: nowhere, http_proxy: nowhere, NO_PROXY: "", no_proxy: "" };
  expect(await firstLine(PROXIED, feed, environment)).toBe("hello");
});

/** What the script prints. The token travels over standard input: not in argv, not in the environment. */
async function firstLine(script: string, feed: Feed, environment: Record<string, string> = {}): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  child.stdin.end(JSON.stringify({ url: feed.url, token: TOKEN }));
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?];
  return line ?? "nothing was printed";
}
