import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { connectFeed, type FeedClient, type FeedMessage } from "../../src/feed/client.ts";
import type { Feed } from "../../src/feed/server.ts";
import { FakeFlowSource, flowDone, flowWithBody } from "../support/fake-flow-source.ts";
import { startTestFeed, TOKEN } from "../support/feed.ts";

describe("connectFeed", () => {
  it("resolves with the hello", async () => {
    const { client } = await connected();
    expect(client.hello).toMatchObject({ protocol: "plainwire.feed", proxy: "http://127.0.0.1:8080", epoch: "01JD3" });
  });

  it("says that nothing listens there", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    await feed.close("gone");
    await expect(connectFeed({ url: feed.url, token: TOKEN })).rejects.toMatchObject({
      code: "ECONNREFUSED",
      message: expect.stringContaining(`nothing listens on 127.0.0.1:${feed.port}`),
    });
  });

  it("says that the token is wrong, and does not repeat it", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    const error = await connectFeed({ url: feed.url, token: "wr0ng" }).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: "unauthorized", message: expect.stringContaining("the token is wrong") });
    expect(String(error)).not.toContain("wr0ng");
  });

  it("says that there are too many clients", async () => {
    const feed = await startTestFeed(new FakeFlowSource(), { clients: 1 });
    await connectFeed({ url: feed.url, token: TOKEN });
    await expect(connectFeed({ url: feed.url, token: TOKEN })).rejects.toThrow("at most 1 clients");
  });

  it("says that something else listens there", async () => {
    const url = await startOther((server) => server.on("request", (_request, response) => response.end("hi")));
    await expect(connectFeed({ url, token: TOKEN })).rejects.toThrow(`${url} is not a plainwire feed`);
  });

  it("does not wait for ever for a server that says nothing", async () => {
    const url = await startOther((server) => server.on("upgrade", () => {}));
    await expect(connectFeed({ url, token: TOKEN }, { timeoutMs: 20 })).rejects.toMatchObject({ code: "timeout" });
  });

  it("sends the token in a header, and nowhere else", async () => {
    const heads: string[] = [];
    const url = await startOther((server) => {
      server.on("upgrade", ({ url: target, headers }, socket) => {
        heads.push(JSON.stringify([target, { ...headers, authorization: null }]), headers.authorization ?? "");
        socket.destroy();
      });
    });
    await expect(connectFeed({ url, token: TOKEN })).rejects.toThrow();
    expect(heads[1]).toBe(`Bearer ${TOKEN}`);
    expect(heads[0]).not.toContain(TOKEN);
  });
});

describe("a client", () => {
  it("gets its messages in order, from the first after subscribe", async () => {
    const { client, source, messages } = await connected();
    source.append(flowDone("f_1"), flowDone("f_2"));
    expect(await client.subscribe({ events: ["flow.*"], since: "start", bodies: "meta" })).toMatchObject({
      subscription: "s1",
      from: 1,
    });
    await expect.poll(() => messages.at(-1)).toEqual({ event: "caught_up", sub: "s1", seq: 2 });
    source.append(flowDone("f_3"));
    await expect.poll(() => messages.length).toBe(4);
    expect(messages.map((message) => ("flow" in message ? message.flow : message.event))).toEqual([
      "f_1",
      "f_2",
      "caught_up",
      "f_3",
    ]);
    expect(messages[3]).toEqual({ ...flowDone("f_3"), sub: "s1", seq: 3 });
  });

  it("rejects what the server refuses, in its words", async () => {
    const { client } = await connected();
    await expect(client.subscribe({ events: ["flow.doen"] })).rejects.toThrow("did you mean flow.done?");
  });

  it("reads a body, up to a limit", async () => {
    const { client, source } = await connected();
    source.append(flowWithBody(source, "f_1", { content: gzipSync("0123456789"), coding: ["gzip"] }));
    expect(await client.body("f_1/res", { decoded: true, limit: 100 })).toEqual({
      bytes: Buffer.from("0123456789"),
      total: 10,
      truncated: false,
      undecodable: null,
    });
    expect(await client.body("f_1/res", { decoded: true, limit: 4 })).toMatchObject({
      bytes: Buffer.from("0123"),
      total: null,
      truncated: true,
    });
    const raw = await client.body("f_1/res", { decoded: false, limit: 4 });
    expect(raw).toMatchObject({ total: gzipSync("0123456789").length, truncated: true });
    expect(raw.bytes).toHaveLength(4);
  });

  it("reads no more than the limit of a server that sends more, and never ends", async () => {
    const url = await startOther((server) => {
      server.on("request", (_request, response) => void response.write("0123456789"));
      new WebSocketServer({ server }).on("connection", (ws) => ws.send('{"method":"hello","params":{}}'));
    });
    const client = await connectFeed({ url, token: TOKEN });
    onTestFinished(() => client.close());
    expect(await client.body("f_1/res", { decoded: false, limit: 4 })).toMatchObject({
      bytes: Buffer.from("0123"),
      total: null,
      truncated: true,
    });
  });

  it("reads an empty body, and one that can't be decoded", async () => {
    const { client, source } = await connected();
    source.append(
      flowWithBody(source, "f_1", { content: "" }),
      flowWithBody(source, "f_2", { content: "plain", coding: ["gzip"] }),
    );
    expect(await client.body("f_1/res", { decoded: true, limit: 10 })).toMatchObject({ total: 0, truncated: false });
    const undecodable = await client.body("f_2/res", { decoded: true, limit: 10 });
    expect(String(undecodable.bytes)).toBe("plain");
    expect(undecodable.undecodable).toMatch(/\w/);
  });

  it("rejects a body that is not there, in the server's words", async () => {
    const { client } = await connected();
    await expect(client.body("f_9/res", { decoded: true, limit: 10 })).rejects.toMatchObject({
      code: "flow_not_found",
    });
    await expect(client.body("../../x", { decoded: true, limit: 10 })).rejects.toMatchObject({ code: "not_found" });
  });

  it("hears the server's goodbye, and once that it is closed", async () => {
    const { client, feed, messages } = await connected();
    const reasons: string[] = [];
    client.onClose((reason) => reasons.push(reason));
    await feed.close("plainwire was stopped");
    await expect.poll(() => reasons).toEqual(["plainwire was stopped"]);
    expect(messages).toMatchObject([{ event: "goodbye", reason: "plainwire was stopped" }]);
    await expect(client.subscribe({ events: ["*"] })).rejects.toMatchObject({ code: "closed" });
    const late = new Promise((resolve) => client.onClose(resolve));
    expect(await late).toBe("plainwire was stopped");
  });

  it("closes, and what it still waits for is rejected", async () => {
    const { client } = await connected();
    const closed = new Promise((resolve) => client.onClose(resolve));
    client.close();
    const pending = client.subscribe({ events: ["*"] });
    await expect(pending).rejects.toMatchObject({ code: "closed" });
    expect(await closed).toBe("closed");
  });
});

async function connected(): Promise<{
  client: FeedClient;
  feed: Feed;
  source: FakeFlowSource;
  messages: FeedMessage[];
}> {
  const source = new FakeFlowSource();
  const feed = await startTestFeed(source);
  const client = await connectFeed({ url: feed.url, token: TOKEN });
  onTestFinished(() => client.close());
  const messages: FeedMessage[] = [];
  client.onMessage((message) => messages.push(message));
  return { client, feed, source, messages };
}

/** A server that is not plainwire. */
async function startOther(setUp: (server: Server) => void): Promise<string> {
  const server = createServer();
  setUp(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/feed`;
}
