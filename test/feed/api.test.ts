import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Feed } from "../../src/feed/server.ts";
import { type FakeBody, FakeFlowSource, flowDone, flowWithBody } from "../support/fake-flow-source.ts";
import { fetchApi, startTestFeed, TOKEN } from "../support/feed.ts";

describe("requests that have no answer", () => {
  it.each([
    ["POST", "/v1/status", 405, "method_not_allowed"],
    ["DELETE", "/v1/flows/f_1", 405, "method_not_allowed"],
    ["GET", "/", 404, "not_found"],
    ["GET", "/v1/flows/f_1/res", 404, "not_found"],
    ["GET", "/v1/flows/../../etc/passwd", 404, "not_found"],
    ["GET", "/v1/flows/%2e%2e", 404, "not_found"],
    ["GET", "/v1/flows/f_9", 404, "flow_not_found"],
    ["GET", "/v1/flows/f_9/res/body", 404, "flow_not_found"],
    ["GET", "/v1/flows/f_1/res/body", 404, "no_body"],
    ["GET", "/v1/feed", 426, "upgrade_required"],
    ["GET", "/v1/events?events=flow.doen", 400, "bad_request"],
  ])("%s %s: %i %s", async (method, path, status, code) => {
    const source = new FakeFlowSource();
    source.append(flowDone("f_1"));
    const reply = await fetchApi(await startTestFeed(source), path, {}, method);
    expect(reply.status).toBe(status);
    expect(JSON.parse(String(reply.body)).error).toMatchObject({ code, message: expect.any(String) });
    expect(reply.headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    if (status === 405) expect(reply.headers.allow).toBe("GET, HEAD");
  });

  it("a body of which nothing is kept: 410 with the reason", async () => {
    const source = new FakeFlowSource();
    source.append(
      flowWithBody(source, "f_1", { content: "", size: 9000 }),
      flowWithBody(source, "f_2", { content: "x" }),
    );
    source.bodies.delete("f_2/res");
    const feed = await startTestFeed(source);
    for (const [flow, reason] of [
      ["f_1", "limit"],
      ["f_2", "evicted"],
    ]) {
      const reply = await fetchApi(feed, `/v1/flows/${flow}/res/body`);
      expect(reply.status).toBe(410);
      expect(JSON.parse(String(reply.body)).error).toMatchObject({
        code: "body_not_stored",
        message: expect.stringContaining(String(reason)),
      });
    }
  });
});

it("GET /v1/flows/ID is the flow's summary, HEAD has no body", async () => {
  const source = new FakeFlowSource();
  source.append(flowDone("f_1"));
  const feed = await startTestFeed(source);
  expect(JSON.parse(String((await fetchApi(feed, "/v1/flows/f_1")).body))).toEqual(flowDone("f_1"));
  expect((await fetchApi(feed, "/v1/flows/f_1", {}, "HEAD")).body).toHaveLength(0);
});

it("GET /v1/status names the engine, and never the token", async () => {
  const { body } = await fetchApi(await startTestFeed(new FakeFlowSource()), "/v1/status");
  expect(JSON.parse(String(body))).toMatchObject({ proxy: "http://127.0.0.1:8080", epoch: "01JD3", clients: 0 });
  expect(String(body)).not.toContain(TOKEN);
});

it("GET /v1/events tells all that happened before it ends", async () => {
  const source = new FakeFlowSource();
  const feed = await startTestFeed(source);
  const response = await fetch(`${feed.apiUrl}/v1/events?token=${encodeURIComponent(TOKEN)}`);
  source.append(flowDone("f_1"), flowDone("f_2"));
  await feed.close("plainwire stops");
  const lines = (await response.text()).trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
    "flow.done",
    "flow.done",
    "goodbye",
  ]);
});

it("the token in the query serves those that can't set headers", async () => {
  const feed = await startTestFeed(new FakeFlowSource());
  const response = await fetch(`${feed.apiUrl}/v1/status?token=${encodeURIComponent(TOKEN)}`);
  expect(response.status).toBe(200);
});

describe("a body", () => {
  const HTML: FakeBody = { content: "<script>alert(1)</script>", mime: "text/html" };

  it("is given as sent, and can't run in a browser", async () => {
    const reply = await fetchBody(HTML, "");
    expect(String(reply.body)).toBe("<script>alert(1)</script>");
    expect(reply.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": "attachment",
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "plainwire-mime": "text/html",
      "plainwire-complete": "true",
    });
  });

  it("keeps its codings, unless decoded=1 asks to undo them", async () => {
    const gzipped = gzipSync("hello");
    const body = { content: gzipped, coding: ["gzip"] };
    expect((await fetchBody(body, "")).body).toEqual(gzipped);
    const decoded = await fetchBody(body, "?decoded=1");
    expect(String(decoded.body)).toBe("hello");
    expect(decoded.headers["content-encoding"]).toBeUndefined();
  });

  it("that can't be decoded comes as sent, and says so", async () => {
    const { body, headers } = await fetchBody({ content: "plain", coding: ["gzip"] }, "?decoded=1");
    expect(String(body)).toBe("plain");
    expect(headers["plainwire-undecodable"]).toMatch(/\w/);
  });

  it("that decodes to more than the limit is cut there, and says so", async () => {
    const bomb = { content: gzipSync(Buffer.alloc(10_000_000)), coding: ["gzip"] };
    const { body, headers } = await fetchBody(bomb, "?decoded=1", {}, 100_000);
    expect(body).toHaveLength(100_000);
    expect(headers["plainwire-complete"]).toBe("false");
  });

  it("of which only the beginning is kept is not called complete", async () => {
    const { body, headers } = await fetchBody({ content: "abc", size: 1000 }, "");
    expect(String(body)).toBe("abc");
    expect(headers["plainwire-complete"]).toBe("false");
  });

  it.each(["text/html\u0000x", "a b/c", "text/html\u00ff", ""])(
    "does not pass on a media type that is none: %j",
    async (mime) => {
      expect((await fetchBody({ content: "x", mime }, "")).headers["plainwire-mime"]).toBeUndefined();
    },
  );

  const ranges: [string, number, string, string | undefined][] = [
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=4-", 206, "456789", "bytes 4-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=0-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=0-1,3-4", 200, "0123456789", undefined],
  ];
  it.each(ranges)("Range: %s", async (range, status, text, contentRange) => {
    const reply = await fetchBody({ content: "0123456789" }, "", { range });
    expect([reply.status, String(reply.body), reply.headers["content-range"]]).toEqual([status, text, contentRange]);
  });

  it.each(["bytes=10-", "bytes=5-4", "bytes=x"])("a bad Range is 416: %s", async (range) => {
    const reply = await fetchBody({ content: "0123456789" }, "", { range });
    expect([reply.status, reply.headers["content-range"]]).toEqual([416, "bytes */10"]);
  });

  it("decodes no further than the range asks for, and leaves the length open", async () => {
    const body = { content: gzipSync("0123456789"), coding: ["gzip"] };
    const reply = await fetchBody(body, "?decoded=1", { range: "bytes=2-5" });
    expect([reply.status, String(reply.body), reply.headers["content-range"]]).toEqual([206, "2345", "bytes 2-5/*"]);
  });

  it("decoded for slow readers takes 64 MiB at most: then 503, until one has read", async () => {
    const source = new FakeFlowSource();
    source.append(flowWithBody(source, "f_1", { content: gzipSync(Buffer.alloc(30_000_000)), coding: ["gzip"] }));
    const feed = await startTestFeed(source);
    const path = "/v1/flows/f_1/res/body?decoded=1";
    const [slow] = [await openResponse(feed, path), await openResponse(feed, path)];
    expect((await fetchApi(feed, path)).status).toBe(503);
    slow.destroy();
    await expect.poll(async () => (await fetchApi(feed, path)).status).toBe(200);
  });

  it("has a tag that changes when it grows: 304 until then, ranges only within one tag", async () => {
    const source = new FakeFlowSource();
    source.append(flowWithBody(source, "f_1", { content: "abc" }));
    const feed = await startTestFeed(source);
    const fetchIt = (headers: Record<string, string>) => fetchApi(feed, "/v1/flows/f_1/res/body", headers);
    const etag = String((await fetchIt({})).headers.etag);
    expect((await fetchIt({ "if-none-match": etag })).status).toBe(304);
    expect((await fetchIt({ range: "bytes=0-0", "if-range": etag })).status).toBe(206);
    flowWithBody(source, "f_1", { content: "abcdef" });
    expect((await fetchIt({ "if-none-match": etag })).status).toBe(200);
    expect((await fetchIt({ range: "bytes=0-0", "if-range": etag })).status).toBe(200);
  });
});

describe("GET /v1/events", { timeout: 30_000 }, () => {
  it("is one line for each flow that ends", async () => {
    const source = new FakeFlowSource();
    const feed = await startTestFeed(source);
    const { response, lines } = await openStream(feed, "/v1/events");
    expect(response.headers["content-type"]).toBe("application/x-ndjson");
    source.append(
      flowDone("f_1"),
      { event: "flow.response", flow: "f_2", t: 1, status: 200, reason: "", http: "1.1", headers: [], ours: false },
      flowDone("f_2"),
    );
    expect(JSON.parse(await lines())).toEqual({ ...flowDone("f_1"), seq: 1 });
    expect(JSON.parse(await lines())).toMatchObject({ event: "flow.done", flow: "f_2", seq: 3 });
  });

  it("replays, filters by name, and says goodbye", async () => {
    const source = new FakeFlowSource();
    source.append(flowDone("f_1"));
    const feed = await startTestFeed(source);
    const { lines } = await openStream(feed, "/v1/events?events=flow.*&since=start&bodies=none");
    expect(JSON.parse(await lines())).toMatchObject({ flow: "f_1" });
    expect(JSON.parse(await lines())).toEqual({ event: "caught_up", seq: 1 });
    void feed.close("plainwire stops");
    expect(JSON.parse(await lines())).toEqual({ event: "goodbye", reason: "plainwire stops" });
  });

  it("for an EventSource has ids, and goes on where it was", async () => {
    const source = new FakeFlowSource();
    source.append(flowDone("f_1"), flowDone("f_2"));
    const feed = await startTestFeed(source);
    const accept = "text/event-stream";
    const { response, lines } = await openStream(feed, "/v1/events", { accept, "last-event-id": "01JD3-1" });
    expect(response.headers["content-type"]).toBe("text/event-stream");
    expect(await lines()).toBe("id: 01JD3-2");
    expect(await lines()).toBe("event: flow.done");
    expect(await lines()).toMatch(/^data: \{"seq":2,.*"flow":"f_2"/);
    const restarted = await openStream(feed, "/v1/events", { accept, "last-event-id": "other-900" });
    expect(await restarted.lines()).toBe("id: 01JD3-1");
  });

  it("counts as a client: too many are 429", async () => {
    const feed = await startTestFeed(new FakeFlowSource(), { clients: 1 });
    const { response } = await openStream(feed, "/v1/events");
    expect((await fetchApi(feed, "/v1/events")).status).toBe(429);
    response.destroy();
    await expect.poll(async () => (await fetchApi(feed, "/v1/events", {}, "HEAD")).status).toBe(200);
  });

  it("to a reader that stalls is cut by one gap, as on the WebSocket", async () => {
    const source = new FakeFlowSource(20);
    const feed = await startTestFeed(source, { highWater: 64 * 1024 });
    const { response, lines } = await openStream(feed, "/v1/events?bodies=none");
    response.pause();
    for (let seq = 1; seq <= 1000; seq += 1) {
      source.append(flowDone(`f_${seq}`, { url: `https://x/${"a".repeat(64 * 1024)}` }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.resume();
    let gaps = 0;
    for (let seq = 1; seq <= 1000;) {
      const event = JSON.parse(await lines());
      expect(event.from ?? event.seq).toBe(seq);
      if (event.event === "gap") gaps += 1;
      seq = (event.to ?? event.seq) + 1;
    }
    expect(gaps).toBe(1);
  });
});

async function fetchBody(body: FakeBody, query: string, headers: Record<string, string> = {}, decodedBody?: number) {
  const source = new FakeFlowSource();
  source.append(flowWithBody(source, "f_1", body));
  const feed = await startTestFeed(source, decodedBody === undefined ? {} : { decodedBody });
  return fetchApi(feed, `/v1/flows/f_1/res/body${query}`, headers);
}

/** `lines()` gives the next line. */
async function openStream(feed: Feed, path: string, headers: Record<string, string> = {}) {
  const response = await openResponse(feed, path, headers);
  const iterator = createInterface({ input: response })[Symbol.asyncIterator]();
  return { response, lines: async () => String((await iterator.next()).value) };
}

/** A response of which nothing is read yet. */
async function openResponse(feed: Feed, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const authorization = `Bearer ${TOKEN}`;
  const request = get(`${feed.apiUrl}${path}`, { agent: false, headers: { authorization, ...headers } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  onTestFinished(() => void response.destroy());
  return response;
}
