import { describe, expect, it } from "vitest";
import { FakeFlowSource, flowDone } from "../support/fake-flow-source.ts";
import { openClient, openSocket, startTestFeed, type TestClient } from "../support/feed.ts";

describe("nonsense in a text frame is answered, and the connection goes on", () => {
  const rows: [string, string, number][] = [
    ["not JSON", "{", -32700],
    ["nothing", "", -32700],
    ["100,000 brackets", "[".repeat(100_000), -32700],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"stats.get"}]', -32600],
    ["arrays 50,000 deep", "[".repeat(50_000) + "]".repeat(50_000), -32600],
    ["objects 50,000 deep", `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`, -32600],
    ["a number", "1", -32600],
    ["null", "null", -32600],
    ["no version", '{"id":1,"method":"stats.get"}', -32600],
    ["an id of another kind", '{"jsonrpc":"2.0","id":{},"method":"stats.get"}', -32600],
    ["a method of another kind", '{"jsonrpc":"2.0","id":1,"method":["stats.get"]}', -32600],
  ];
  it.each(rows)("%s", async (_title, text, code) => {
    const client = await openClient(await startTestFeed(new FakeFlowSource()));
    client.ws.send(text);
    expect((await client.answer(null)).error?.code).toBe(code);
    expect((await client.call("stats.get")).result).toBeDefined();
  });

  it("deep params of a real method", async () => {
    const client = await openClient(await startTestFeed(new FakeFlowSource()));
    const deep = `${'{"since":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    client.ws.send(`{"jsonrpc":"2.0","id":null,"method":"subscribe","params":${deep}}`);
    expect((await client.answer(null)).error?.code).toBe(-32602);
  });

  it("names from Object.prototype in params", async () => {
    const client = await openClient(await startTestFeed(new FakeFlowSource()));
    client.ws.send('{"jsonrpc":"2.0","id":null,"method":"subscribe","params":{"__proto__":{"events":["*"]}}}');
    expect((await client.answer(null)).error?.code).toBe(-32602);
  });
});

describe("what breaks the protocol ends that client, and only that one", () => {
  it("a frame above the limit: 1009", async () => {
    const feed = await startTestFeed(new FakeFlowSource(), { maxFrame: 1000 });
    const [hostile, other] = [await openClient(feed), await openClient(feed)];
    hostile.ws.send("x".repeat(1001));
    expect(await hostile.closed).toMatchObject({ code: 1009 });
    await expect.poll(async () => (await other.call("stats.get")).result).toMatchObject({ clients: 1 });
  });

  it("a binary frame: 4400, and nothing after it is done", async () => {
    const source = new FakeFlowSource();
    const feed = await startTestFeed(source);
    const [hostile, other] = [await openClient(feed), await openClient(feed)];
    let asked = 0;
    source.flow = () => {
      asked += 1;
      return undefined;
    };
    hostile.ws.send(Buffer.from("{}"));
    hostile.ws.send('{"jsonrpc":"2.0","method":"flows.get","params":{"flow":"f_1"}}');
    expect(await hostile.closed).toMatchObject({ code: 4400 });
    await expect.poll(async () => (await other.call("stats.get")).result).toMatchObject({ clients: 1 });
    expect(asked).toBe(0);
  });

  it("text that is not UTF-8: 1007", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    const hostile = await openClient(feed);
    hostile.ws.send(Buffer.from([0xff]), { binary: false });
    expect(await hostile.closed).toMatchObject({ code: 1007 });
  });

  it("bytes that are no frame, and an end in the middle of a handshake", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    for (const bytes of ["GET /v1/feed HTTP/1.1\r\nUpgrade: webso", "\x16\x03\x01\x02\x00", "\0".repeat(1000)]) {
      (await openSocket(feed)).end(bytes);
    }
    expect((await (await openClient(feed)).call("stats.get")).result).toBeDefined();
  });
});

it("10,000 subscriptions: 16 are had, the others refused", async () => {
  const source = new FakeFlowSource();
  const client = await openClient(await startTestFeed(source));
  const request = '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["*"]}}';
  for (let count = 0; count < 10_000; count += 1) client.ws.send(request);
  const codes = new Map<number, number>();
  for (let count = 0; count < 10_000; count += 1) {
    const { error } = await client.answer(1);
    codes.set(error?.code ?? 0, (codes.get(error?.code ?? 0) ?? 0) + 1);
  }
  expect(Object.fromEntries(codes)).toEqual({ 0: 16, [-32020]: 9984 });
});

describe(
  "a client that asks and never reads is no longer read, and gets all its answers once it reads",
  { timeout: 30_000 },
  () => {
    it("requests", async () => {
      const source = new FakeFlowSource();
      source.append(flowDone("f_1"));
      const feed = await startTestFeed(source, { highWater: 1024 });
      const [hostile, other] = [await openClient(feed), await openClient(feed)];
      hostile.ws.pause();
      const params = { flow: "f_1", pad: "x".repeat(1000) };
      const request = JSON.stringify({ jsonrpc: "2.0", id: 7, method: "flows.get", params });
      const flood = await floodUntilBlocked(other, 40_000, (sent) => hostile.ws.send(request, sent));
      hostile.ws.resume();
      await flood.end();
      for (let count = 0; count < 40_000; count += 1) await hostile.answer(7);
    });

    it("pings", async () => {
      const feed = await startTestFeed(new FakeFlowSource(), { highWater: 1024 });
      const [hostile, other] = [await openClient(feed), await openClient(feed)];
      let pongs = 0;
      hostile.ws.on("pong", () => (pongs += 1));
      hostile.ws.pause();
      const flood = await floodUntilBlocked(other, 250_000, (sent) => hostile.ws.ping("x".repeat(120), true, sent));
      hostile.ws.resume();
      await flood.end();
      await hostile.call("stats.get");
      expect(pongs).toBe(250_000);
    });

    it("one packet full of requests with large answers: they wait as requests", async () => {
      const source = new FakeFlowSource();
      source.append(flowDone("f_1", { url: `https://x/${"a".repeat(256 * 1024)}` }));
      let asked = 0;
      const { flow } = source;
      source.flow = (id) => {
        asked += 1;
        return flow.call(source, id);
      };
      const feed = await startTestFeed(source, { highWater: 256 * 1024 });
      const [hostile, other] = [await openClient(feed), await openClient(feed)];
      hostile.ws.pause();
      // 256 MiB of answers; sockets buffer some 10.
      for (let count = 0; count < 1000; count += 1) {
        hostile.ws.send('{"jsonrpc":"2.0","id":7,"method":"flows.get","params":{"flow":"f_1"}}');
      }
      for (let count = 0; count < 100; count += 1) await other.call("stats.get");
      expect(asked).toBeLessThan(200);
    });
  },
);

/**
 * Sends `total` messages, the next ones as soon as the system took the last, and returns when it takes no more: when for
 * fifty answers to `other` nothing moved. Fails if all could be sent.
 */
async function floodUntilBlocked(other: TestClient, total: number, send: (sent: (() => void) | undefined) => void) {
  let count = 0;
  const flood = async () => {
    while (count < total) {
      for (let left = Math.min(100, total - count); left > 1; left -= 1) send(undefined);
      await new Promise<void>((resolve) => send(resolve));
      count += 100;
    }
  };
  const end = flood();
  for (let before = -1; before < count;) {
    before = count;
    for (let calls = 0; calls < 50; calls += 1) await other.call("stats.get");
  }
  expect(count).toBeLessThan(total);
  return { end: () => end };
}
