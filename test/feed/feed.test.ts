import { describe, expect, it } from "vitest";
import { FakeFlowSource, flowDone, flowWithBody } from "../support/fake-flow-source.ts";
import { fetchApi, openClient, startTestFeed, TestClient, TOKEN } from "../support/feed.ts";
import { WebSocket } from "ws";

it("hello is the first message and says where everything is", async () => {
  const source = new FakeFlowSource();
  source.append(flowDone("f_1"));
  const feed = await startTestFeed(source);
  const client = await openClient(feed);
  expect(JSON.parse(client.texts[0] ?? "")).toMatchObject({
    jsonrpc: "2.0",
    method: "hello",
    params: {
      protocol: "plainwire.feed",
      version: { major: 1 },
      server: { name: "plainwire", version: "0.1.0", pid: 4711 },
      proxy: "http://127.0.0.1:8080",
      ca: "/ca.pem",
      insecure: false,
      epoch: "01JD3",
      seq: { first: 1, last: 1 },
      scopes: ["read"],
      features: ["replay", "bodies"],
    },
  });
  expect(client.texts[0]).not.toContain(TOKEN);
});

describe("a subscriber", () => {
  it("gets an event as a notification: the event's own fields, with sub and seq", async () => {
    const source = new FakeFlowSource();
    const client = await openClient(await startTestFeed(source));
    const { result } = await client.call("subscribe", { events: ["flow.done"] });
    expect(result).toEqual({ subscription: "s1", from: 1, replaying: false });
    const event = flowDone("f_8kq2");
    source.append(event);
    expect(await client.next()).toEqual({
      jsonrpc: "2.0",
      method: "flow.done",
      params: { ...event, sub: "s1", seq: 1 },
    });
  });

  it("gets the past, caught_up, then the present", async () => {
    const source = new FakeFlowSource();
    source.append(flowDone("f_1"), flowDone("f_2"));
    const client = await openClient(await startTestFeed(source));
    await client.call("subscribe", { events: ["*"], since: { epoch: "01JD3", seq: 1 } });
    expect(await client.until("flow.done")).toMatchObject({ flow: "f_2", seq: 2 });
    expect(await client.until("caught_up")).toEqual({ sub: "s1", event: "caught_up", seq: 2 });
    source.append(flowDone("f_3"));
    expect(await client.until("flow.done")).toMatchObject({ flow: "f_3", seq: 3 });
  });

  it("with a position of another run is told to start again", async () => {
    const client = await openClient(await startTestFeed(new FakeFlowSource()));
    const { error } = await client.call("subscribe", { events: ["*"], since: { epoch: "old", seq: 5 } });
    expect(error).toMatchObject({ code: -32004, data: { kind: "unknown_epoch", epoch: "01JD3" } });
  });

  it("beside another gets the same text, made once", async () => {
    const source = new FakeFlowSource();
    const feed = await startTestFeed(source);
    const clients = [await openClient(feed), await openClient(feed)] as const;
    for (const client of clients) await client.call("subscribe", { events: ["*"], bodies: "meta" });
    source.append(flowWithBody(source, "f_1", { content: "x" }), flowDone("f_2"));
    const texts = [];
    for (const client of clients) {
      await client.next();
      await client.next();
      texts.push(client.texts.slice(-2));
    }
    expect(texts[0]).toEqual(texts[1]);
    expect(source.serialised).toBe(2);
  });

  it("gets nothing more once it has unsubscribed", async () => {
    const source = new FakeFlowSource();
    const client = await openClient(await startTestFeed(source));
    await client.call("subscribe", { events: ["*"] });
    await client.call("subscribe", { events: ["*"] });
    await client.call("unsubscribe", { subscription: "s1" });
    source.append(flowDone("f_1"));
    expect(await client.until("flow.done")).toMatchObject({ sub: "s2" });
    expect((await client.call("stats.get")).result).toMatchObject({ clients: 1, subscriptions: 1 });
    expect(client.texts.filter((text) => text.includes('"flow.done"'))).toHaveLength(1);
    expect((await client.call("unsubscribe", { subscription: "s1" })).error?.code).toBe(-32003);
  });

  it("needs no request if the URL names the events", async () => {
    const source = new FakeFlowSource();
    source.append(flowDone("f_1"));
    const client = await openClient(await startTestFeed(source), "?events=flow.done&since=start");
    expect(await client.until("flow.done")).toMatchObject({ sub: "s1", flow: "f_1" });
  });

  it("that is gone leaves nothing behind", async () => {
    const source = new FakeFlowSource();
    const feed = await startTestFeed(source);
    const leaving = await openClient(feed);
    await leaving.call("subscribe", { events: ["*"] });
    leaving.ws.close();
    await leaving.closed;
    const staying = await openClient(feed);
    await expect
      .poll(async () => (await staying.call("stats.get")).result)
      .toMatchObject({ clients: 1, subscriptions: 0 });
  });
});

describe("a request", () => {
  it("stats.get answers with what the engine holds, as /v1/status does", async () => {
    const source = new FakeFlowSource();
    source.append(flowDone("f_1"));
    const feed = await startTestFeed(source);
    const counts = { flows: 1, open: 0, failed: 0, bodies: { kept: 4096, dropped: 512 } };
    expect((await (await openClient(feed)).call("stats.get")).result).toMatchObject(counts);
    const { body } = await fetchApi(feed, "/v1/status");
    expect(JSON.parse(String(body))).toMatchObject(counts);
  });

  it("flows.get answers with the summary", async () => {
    const source = new FakeFlowSource();
    source.append(flowDone("f_1"));
    const client = await openClient(await startTestFeed(source));
    expect((await client.call("flows.get", { flow: "f_1" })).result).toEqual(flowDone("f_1"));
    const { error } = await client.call("flows.get", { flow: "f_2" });
    expect(error).toMatchObject({ code: -32010, data: { kind: "flow_not_found", flow: "f_2" } });
  });

  it("for a method that does not exist suggests one that does", async () => {
    const client = await openClient(await startTestFeed(new FakeFlowSource()));
    expect((await client.call("subscribr")).error).toMatchObject({ code: -32601, data: { didYouMean: "subscribe" } });
    expect((await client.call("constructor")).error?.code).toBe(-32601);
  });

  it("without an id is done and not answered", async () => {
    const source = new FakeFlowSource();
    const client = await openClient(await startTestFeed(source));
    client.ws.send('{"jsonrpc":"2.0","method":"subscribe","params":{"events":["*"]}}');
    client.ws.send('{"jsonrpc":"2.0","method":"nonsense"}');
    await client.call("stats.get");
    source.append(flowDone("f_1"));
    await client.until("flow.done");
    expect(client.texts).toHaveLength(3);
  });
});

describe("a reader that stalls", { timeout: 30_000 }, () => {
  it("gets one gap when it reads again, and every entry is an event or in the gap", async () => {
    const source = new FakeFlowSource(20);
    const client = await openClient(await startTestFeed(source, { highWater: 64 * 1024 }));
    await client.call("subscribe", { events: ["*"] });
    client.ws.pause();
    // Far more than the system's socket buffers take (some 6 MB): 1,000 events of 64 KiB.
    for (let seq = 1; seq <= 1000; seq += 1) {
      source.append(flowDone(`f_${seq}`, { url: `https://x/${"a".repeat(64 * 1024)}` }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.ws.resume();
    source.append(flowDone("f_last"));
    const gaps = [];
    let expected = 1;
    while (expected <= 1001) {
      const { method, params = {} } = await client.next();
      expect(method === "gap" ? params["from"] : params["seq"]).toBe(expected);
      if (method === "gap") gaps.push(params);
      expected = Number(method === "gap" ? params["to"] : params["seq"]) + 1;
    }
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ sub: "s1", reason: "slow_consumer" });
  });

  it("is closed with 4408 if it asked for that", async () => {
    const source = new FakeFlowSource(5);
    const client = await openClient(await startTestFeed(source, { highWater: 64 * 1024 }));
    await client.call("subscribe", { events: ["*"], overflow: "close" });
    client.ws.pause();
    for (let seq = 1; seq <= 500; seq += 1) {
      source.append(flowDone(`f_${seq}`, { url: `https://x/${"a".repeat(64 * 1024)}` }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.ws.resume();
    expect(await client.closed).toMatchObject({ code: 4408 });
  });
});

describe("the end of the feed", () => {
  it("is announced: goodbye, then 4503; and the log is let go", async () => {
    const source = new FakeFlowSource();
    const feed = await startTestFeed(source);
    const client = await openClient(feed);
    expect(source.watchers).toBe(1);
    await feed.close("plainwire stops");
    expect(await client.until("goodbye")).toEqual({ reason: "plainwire stops", seq: 0 });
    expect(await client.closed).toMatchObject({ code: 4503 });
    expect(source.watchers).toBe(0);
  });

  it("comes after all that happened before it", async () => {
    const source = new FakeFlowSource();
    const feed = await startTestFeed(source);
    const client = await openClient(feed);
    await client.call("subscribe", { events: ["*"] });
    source.append(...Array.from({ length: 500 }, (_, i) => flowDone(`f_${i}`)));
    await feed.close("plainwire stops");
    await client.closed;
    const methods = client.texts.slice(2).map((text) => (JSON.parse(text) as { method: string }).method);
    expect(methods).toEqual([...Array.from({ length: 500 }, () => "flow.done"), "goodbye"]);
  });

  it("does not wait for those who do not read", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    const client = await openClient(feed);
    client.ws.pause();
    await feed.close("plainwire stops");
  });

  it("does not fill memory for those who do not read", async () => {
    const source = new FakeFlowSource(2000);
    const feed = await startTestFeed(source, { highWater: 64 * 1024 });
    const client = await openClient(feed);
    await client.call("subscribe", { events: ["*"] });
    source.append(
      ...Array.from({ length: 1000 }, (_, i) => flowWithBody(source, `f_${i}`, { content: "x".repeat(10_000) })),
    );
    client.ws.pause();
    await feed.close("plainwire stops");
    client.ws.resume();
    await client.closed;
    expect(client.texts.join("").length).toBeLessThan(200_000);
    expect(JSON.parse(client.texts.at(-1) ?? "")).toMatchObject({ method: "goodbye", params: { seq: 1000 } });
  });
});

it("the seventeenth client is turned away with 4429, the others stay", async () => {
  const feed = await startTestFeed(new FakeFlowSource(), { clients: 2 });
  const first = await openClient(feed);
  await openClient(feed);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const third = new TestClient(new WebSocket(feed.url, ["plainwire.feed.v1"], { headers }));
  expect(await third.closed).toMatchObject({ code: 4429 });
  expect((await first.call("stats.get")).result).toMatchObject({ clients: 2 });
});
