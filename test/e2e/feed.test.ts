/** Scripts that watch: what a user writes in ten lines, against the real feed. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import http, { type IncomingHttpHeaders } from "node:http";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { connectFeed } from "../../src/feed/client.ts";
import { curl } from "../support/curl.ts";
import { readFeed } from "../support/feed-reader.ts";
import { needs } from "../support/needs.ts";
import { content, type Origin, startOrigin } from "../support/origin.ts";
import { createTestCa } from "../support/pki.ts";
import { type Plainwire, startPlainwire } from "../support/plainwire.ts";
import { cleanEnvironment } from "../support/run.ts";

const ca = createTestCa();
let plainwire: Plainwire;
let origin: Origin;

beforeAll(async () => {
  [origin, plainwire] = await Promise.all([startOrigin(ca.issue()), startPlainwire({ upstreamCa: ca.certPem })]);
});

afterAll(async () => {
  await plainwire?.stop();
  await origin?.close();
});

/** Runs a script until it printed that many lines. */
async function linesOf(program: string, args: string[], count: number): Promise<string[]> {
  const child = spawn(program, args, { env: cleanEnvironment(), stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines;
}

needs("curl")("a script prints a line for each flow, those before its start too", () => {
  const paths = ["/first?q=1", "/second", "/third"];
  const expected = paths.map((path) => `200 GET ${path}`);
  const trigger = async (): Promise<void> => {
    for (const path of paths.slice(1)) await curl(plainwire, [origin.url(path)]);
  };
  beforeAll(async () => {
    await curl(plainwire, [origin.url(paths[0] ?? "")]);
  });

  it("in Node, with what Node has", async () => {
    const script = `
      const ws = new WebSocket(process.argv[1], "plainwire.feed.v1");
      ws.onopen = () => ws.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscribe",
        params: { events: ["flow.done"], since: "start" } }));
      ws.onmessage = ({ data }) => {
        const { method, params } = JSON.parse(data);
        if (method === "flow.done") console.log(params.status, params.method, new URL(params.url).pathname + new URL(params.url).search);
      };`;
    const lines = linesOf(process.execPath, ["--eval", script, plainwire.ready.feed], 3);
    await trigger();
    expect(await lines).toEqual(expected);
  });

  it("with curl alone", async () => {
    const args = ["--disable", "-sN", "--noproxy", "*", "-H", `Authorization: Bearer ${plainwire.token}`];
    const lines = await linesOf("curl", [...args, `${plainwire.apiUrl}/v1/events?events=flow.done&since=start`], 3);
    const flows = lines.map((line) => JSON.parse(line) as { status: number; method: string; url: string });
    expect(flows.map(({ status, method, url }) => [status, method, url])).toEqual(
      paths.map((path) => [200, "GET", origin.url(path)]),
    );
  });
});

needs("curl")("the README's script for Node", () => {
  it("works as printed", async () => {
    const [, script = ""] = /^```js\n(.*?)^```/ms.exec(readFileSync("README.md", "utf8")) ?? [];
    // From the start, so that nothing depends on when it is connected.
    const patient = script.replace('events: ["flow.done"]', 'events: ["flow.done"], since: "start"');
    expect(patient).not.toBe(script);
    await curl(plainwire, [origin.url("/readme")]);
    const child = spawn(process.execPath, ["--input-type=module", "--eval", patient], { env: cleanEnvironment() });
    onTestFinished(() => void child.kill());
    child.stdin.write(`${JSON.stringify(plainwire.ready)}\n`);
    for await (const line of createInterface({ input: child.stdout })) {
      expect(line).toMatch(/^200 GET https:\/\/localhost:\d+\/\S+ [\d.]+$/);
      if (line.includes("/readme")) break;
    }
  });
});

needs("python3", "curl")("a script in Python", () => {
  it("prints a line for each flow", async () => {
    const script = `
import json, sys, urllib.request
api, token = sys.argv[1:]
request = urllib.request.Request(api + "/v1/events?since=start&events=flow.done", headers={"Authorization": "Bearer " + token})
for line in urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request):
    flow = json.loads(line)
    if flow["event"] == "flow.done": print(flow["status"], flow["method"], flow["host"], flush=True)
`;
    const lines = linesOf("python3", ["-c", script, plainwire.apiUrl, plainwire.token], 1);
    await curl(plainwire, [origin.url("/python")]);
    expect(await lines).toEqual(["200 GET localhost"]);
  });
});

needs("curl")("bodies", () => {
  it("are there by GET: as sent, decoded, in part", async () => {
    const reader = await readFeed(plainwire);
    onTestFinished(() => reader.close());
    await curl(plainwire, [origin.url("/gzip")]);
    const { flow } = await reader.finished("/gzip");
    const at = `/v1/flows/${flow}/res/body`;
    const sent = await api(at);
    expect(sent.status).toBe(200);
    // The coding is the body's own, not this answer's: a client must not undo it unasked.
    expect(sent.headers).not.toHaveProperty("content-encoding");
    expect(sent.body.subarray(0, 2).toString("hex")).toBe("1f8b");
    expect((await api(`${at}?decoded=1`)).body.toString()).toBe('{"coded":"gzip"}');
    const part = await api(at, { range: "bytes=0-1" });
    expect({ status: part.status, body: part.body.toString("hex") }).toEqual({ status: 206, body: "1f8b" });
  });

  it("that are too large are there up to the limit, and say so", async () => {
    const reader = await readFeed(plainwire);
    onTestFinished(() => reader.close());
    const size = 3 * 1024 * 1024;
    await curl(plainwire, ["-o", "/dev/null", origin.url(`/bytes/${size}`)]);
    const { flow } = await reader.finished(`/bytes/${size}`);
    const { status, headers, body } = await api(`/v1/flows/${flow}/res/body`);
    expect(status).toBe(200);
    expect(headers["plainwire-complete"]).toBe("false");
    expect(body.equals(Buffer.concat([...content(size)]).subarray(0, 1024 * 1024))).toBe(true);
  });

  it("never run in a browser as the API's own page", async () => {
    const reader = await readFeed(plainwire);
    onTestFinished(() => reader.close());
    await curl(plainwire, [origin.url("/inert")]);
    const { flow } = await reader.finished("/inert");
    const { headers } = await api(`/v1/flows/${flow}/res/body`);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toContain("sandbox");
  });
});

describe("who may not watch", () => {
  it.each([
    ["without a token", { authorization: "" }, 401],
    ["with a wrong token", { authorization: "Bearer nonsense" }, 401],
    ["from a web page", { origin: "https://evil.example" }, 403],
    ["from a page without an origin", { origin: "null" }, 403],
    ["by another site's request", { "sec-fetch-site": "cross-site" }, 403],
    ["by a name that was bound to loopback", { host: "evil.example:80" }, 421],
    ["by a name that begins like loopback", { host: "127.0.0.1.evil.example" }, 421],
  ])("%s: neither the API nor the feed", async (_title, headers: Record<string, string>, status) => {
    const refused = await api("/v1/status", headers);
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.body.toString())).toHaveProperty("error.message");
    expect(refused.headers).not.toHaveProperty("access-control-allow-origin");

    const ws = new WebSocket(plainwire.feedUrl, "plainwire.feed.v1", { headers: { ...authorization(), ...headers } });
    const answer = new Promise((resolve) => {
      ws.on("unexpected-response", (_request, response) => {
        resolve(response.statusCode);
        response.destroy();
      });
      ws.on("open", () => resolve("open"));
    });
    ws.on("error", () => {});
    expect(await answer).toBe(status);
    ws.terminate();
  });

  it("a client that does not read stops neither the traffic nor the other watchers", async () => {
    const stalled = http.get(`${plainwire.apiUrl}/v1/events?since=start`, { headers: authorization() });
    stalled.on("response", (response) => response.pause());
    stalled.on("error", () => {});
    const reader = await readFeed(plainwire);
    onTestFinished(() => {
      reader.close();
      stalled.destroy();
    });
    await curl(plainwire, [origin.url("/beside-a-stalled-one")]);
    expect(await reader.finished("/beside-a-stalled-one")).toMatchObject({ event: "flow.done" });
  });
});

it("says who it is, and hears of the end", async () => {
  const own = await startPlainwire();
  const client = await connectFeed({ url: own.feedUrl, token: own.token });
  expect(client.hello).toMatchObject({
    proxy: own.proxyUrl,
    ca: own.caPath,
    insecure: false,
    server: { name: "plainwire", pid: own.pid, version: own.ready.version },
  });
  const closed = new Promise<string>((resolve) => client.onClose(resolve));
  await own.stop();
  expect(await closed).toContain("stopped");
});

const authorization = (): Record<string, string> => ({ authorization: `Bearer ${plainwire.token}` });

function api(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const options = { headers: { ...authorization(), ...headers }, agent: false };
    const request = http.get(plainwire.apiUrl + path, options, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
    });
    request.on("error", reject);
  });
}
