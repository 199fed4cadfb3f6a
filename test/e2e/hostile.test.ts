/** Peers that break off, break the rules, or mean harm: each is told on its own flow, and nobody else notices. */

import net from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import type { Peer } from "../support/peer.ts";
import { createTestCa } from "../support/pki.ts";
import { type Plainwire, startPlainwire } from "../support/plainwire.ts";
import { connectRaw, openTls, openTunnel, tunnelPlain, tunnelTls } from "../support/raw-client.ts";
import { startRawOrigin } from "../support/raw-origin.ts";

const ca = createTestCa();
const certificate = ca.issue();
let plainwire: Plainwire;
let feed: FeedReader;

beforeAll(async () => {
  plainwire = await startPlainwire({ upstreamCa: ca.certPem, flags: ["--head-timeout", "1000"] });
  feed = await readFeed(plainwire);
});

beforeEach(() => feed.startOver());

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
});

/** Whatever happened: the next client is served. */
afterEach(async () => {
  const origin = await startRawOrigin(
    async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(OK);
    },
    { certificate },
  );
  const client = await tunnelTls(plainwire, `localhost:${origin.port}`, { ca: plainwire.ca });
  client.send(GET);
  await client.until("ok");
  expect(client.text).toBe(OK);
});

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A client and an upstream, both under TLS, with plainwire between them. */
async function connect(
  serve: (peer: Peer) => unknown,
): Promise<{ client: Peer; port: number; received: () => string; origin: Promise<Peer> }> {
  const origin = await startRawOrigin(serve, { certificate });
  const client = await tunnelTls(plainwire, `localhost:${origin.port}`, { ca: plainwire.ca });
  return { client, port: origin.port, received: origin.received, origin: origin.peer(0) };
}

const failedOn = (port: number) => feed.failed((flow) => flow.port === port);
/** Flows of a client that named no destination. */
const failedFrom = ({ socket }: Peer) => {
  // Asked for at once: a closed socket has forgotten it.
  const address = socket instanceof net.Socket ? `127.0.0.1:${socket.localPort}` : "";
  return feed.failed((flow) => flow.client.addr === address);
};

describe("on the proxy's port", () => {
  it.each([
    ["bytes of no protocol", "\x00\x01\x02\x03garbage\r\n\r\n", "not-http"],
    ["a banner", "SSH-2.0-OpenSSH_9.2\r\n", "not-http"],
    ["half a request", "GET http://a/ HTT", "request-incomplete"],
    ["half a head", "GET http://a/ HTTP/1.1\r\nHost: a\r\nX", "request-incomplete"],
    ["half a ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "client-tls"],
    ["a TLS record of nonsense", `\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00${"x".repeat(50)}`, "client-tls"],
  ])("%s, then the end", async (_title, bytes, code) => {
    const client = await connectRaw(plainwire);
    const flow = failedFrom(client);
    client.finish(bytes);
    await client.ended();
    expect((await flow).error).toMatchObject({ code, leg: "client" });
  });

  it("a head that never ends is answered 408", async () => {
    const client = await connectRaw(plainwire);
    const flow = failedFrom(client);
    client.send("GET http://a/ HTTP/1.1\r\nHost: a\r\n");
    await client.ended();
    expect(client.text).toMatch(
      /^HTTP\/1\.1 408 .*\r\nContent-Type: text\/plain[^]*\r\nplainwire-error: request-timeout\r\n/,
    );
    expect((await flow).error.code).toBe("request-timeout");
  });

  it("a head beyond the limit is answered 431", async () => {
    const client = await connectRaw(plainwire);
    const flow = failedFrom(client);
    client.send(`GET http://a/ HTTP/1.1\r\nX: ${"x".repeat(300_000)}`);
    await client.ended();
    expect(client.text).toMatch(/^HTTP\/1\.1 431 /);
    expect((await flow).error.code).toBe("head-too-large");
  });
});

describe("a request that two servers could read differently is answered 400, and nobody upstream sees it", () => {
  const CHUNKED = "Transfer-Encoding: chunked\r\n";
  const ZERO = "0\r\n\r\n";
  const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  it.each([
    ["a length and chunks", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${CHUNKED}\r\n${ZERO}${SMUGGLED}`],
    ["chunks and a length", `POST / HTTP/1.1\r\nHost: a\r\n${CHUNKED}Content-Length: 5\r\n\r\n${ZERO}${SMUGGLED}`],
    ["two lengths", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 38\r\n\r\n${SMUGGLED}`],
    ["two lengths in one field", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 38\r\n\r\n${SMUGGLED}`],
    ["a length with a sign", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc`],
    ["a hexadecimal length", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc`],
    ["a length of 20 digits", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551619\r\n\r\nabc`],
    [
      "chunked, and then something else",
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n${ZERO}`,
    ],
    ["chunked twice", `POST / HTTP/1.1\r\nHost: a\r\n${CHUNKED}${CHUNKED}\r\n${ZERO}`],
    ["an unknown coding", `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n${ZERO}`],
    ["chunks in HTTP/1.0", `POST / HTTP/1.0\r\nHost: a\r\n${CHUNKED}\r\n${ZERO}`],
    ["white space before the colon", `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n${ZERO}`],
    ["a folded line", `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${ZERO}`],
    ["white space before the first field", `POST / HTTP/1.1\r\n Host: a\r\n${CHUNKED}\r\n${ZERO}`],
    ["a bare CR in a value", `GET / HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 38\r\n\r\n${SMUGGLED}`],
    ["a NUL in a value", `GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n`],
    ["a field without a colon", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\r\n\r\n"],
    ["a bare LF as line end", "GET / HTTP/1.1\nHost: a\r\n\r\n"],
    ["no version", "GET /\r\n\r\n"],
    ["a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["an unknown major version", "GET / HTTP/3.0\r\nHost: a\r\n\r\n"],
    ["no Host", "GET / HTTP/1.1\r\n\r\n"],
    ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ])("%s", async (_title, request) => {
    const { client, port, received } = await connect(() => {});
    client.send(request);
    await client.ended();
    expect(client.text).toMatch(/^HTTP\/1\.1 400 .*\r\n/);
    expect(client.text).toContain("\r\nplainwire-error: request-malformed\r\n");
    // One answer: what was hidden in the request got none.
    expect(client.text.match(/HTTP\/1\.1 \d\d\d /g)).toHaveLength(1);
    expect(received()).toBe("");
    const { error, status } = await failedOn(port);
    expect({ code: error.code, status, answered: error.answered }).toEqual({
      code: "request-malformed",
      status: 400,
      answered: 400,
    });
    expect(error.detail).not.toBeNull();
  });

  it.each([
    ["a chunk size with a sign", "+3\r\nabc\r\n0\r\n\r\n"],
    ["a chunk size with a prefix", "0x3\r\nabc\r\n0\r\n\r\n"],
    ["a chunk longer than it says", "3\r\nabcd\r\n0\r\n\r\n"],
    ["a chunk size beyond 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n"],
    ["a bare LF after a chunk size", "3\nabc\r\n0\r\n\r\n"],
    ["a chunk extension with a bare LF", "3;a\nb\r\nabc\r\n0\r\n\r\n"],
    ["a trailer that is no field", "0\r\nGET /smuggled HTTP/1.1\r\n\r\n"],
  ])("a body at fault: %s; upstream never sees its end", async (_title, chunks) => {
    const { client, port, origin } = await connect(() => {});
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    await client.ended();
    expect(client.text).toMatch(/^HTTP\/1\.1 400 .*\r\n[^]*\r\nplainwire-error: request-malformed\r\n/);
    const upstream = await origin;
    await upstream.ended();
    expect(upstream.text).not.toContain("0\r\n\r\n");
    expect(upstream.text).not.toContain("smuggled");
    expect((await failedOn(port)).error.code).toBe("request-malformed");
  });

  it("what came before it on the same connection is answered first", async () => {
    const { client, received } = await connect(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(OK);
    });
    client.send(`${GET}GET / HTTP/1.1\r\nHost : a\r\n\r\n`);
    await client.ended();
    expect(client.text.startsWith(`${OK}HTTP/1.1 400 `)).toBe(true);
    expect(received()).toBe(GET);
  });
});

describe("a response at fault from its head on becomes our 502", () => {
  it.each([
    ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab"],
    ["a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"],
    ["white space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nab"],
    ["a NUL", "HTTP/1.1 200 OK\r\nX: a\0\r\nContent-Length: 0\r\n\r\n"],
    ["no HTTP at all", "220 mail.example ESMTP\r\n\r\n"],
  ])("%s", async (_title, response) => {
    const { client, port } = await connect(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(response);
    });
    client.send(GET);
    await client.ended();
    expect(client.text).toMatch(/^HTTP\/1\.1 502 .*\r\n[^]*\r\nplainwire-error: response-malformed\r\n/);
    expect((await failedOn(port)).error).toMatchObject({ code: "response-malformed", leg: "upstream", answered: 502 });
  });

  it("a head without end", async () => {
    const { client, port } = await connect(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(300_000)}`);
    });
    client.send(GET);
    await client.ended();
    expect(client.text).toContain("\r\nplainwire-error: response-head-too-large\r\n");
    await failedOn(port);
  });
});

describe("a response that is cut reaches the client cut", () => {
  const start = (head: string, body: string, end: (peer: Peer) => void) =>
    connect(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(head + body);
      // The client says when it has all of that.
      await peer.until("cut");
      end(peer);
    });
  const finish = (peer: Peer): void => peer.finish();
  const reset = (peer: Peer): void => void peer.socket.destroy();
  const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  it.each([
    ["by a close in a body with a length", LENGTH, "12345", finish, "response-truncated"],
    ["by a close within a chunk", CHUNKED, "5\r\n123", finish, "response-truncated"],
    ["by a close before the last chunk", CHUNKED, "5\r\n12345\r\n", finish, "response-truncated"],
    ["by a close in the trailers", CHUNKED, "0\r\nX: ", finish, "response-truncated"],
    ["by a torn connection in a body with a length", LENGTH, "12345", reset, null],
    ["by a torn connection before the last chunk", CHUNKED, "5\r\n12345\r\n", reset, null],
  ] as const)("%s", async (_title, head, body, end, code) => {
    const { client, port } = await start(head, body, end);
    client.send(GET);
    await client.untilLength(head.length + body.length);
    client.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.ended();
    // Not a byte more: no page of ours in somebody else's body, and no end that the upstream did not send.
    expect(client.text).toBe(head + body);
    const { error, status } = await failedOn(port);
    expect(status).toBe(200);
    expect(error.leg).toBe("upstream");
    expect(error.answered).toBeNull();
    if (code !== null) expect(error.code).toBe(code);
  });

  it("by a torn connection, where only the close tells the end: the client's is torn, too", async () => {
    const head = "HTTP/1.1 200 OK\r\n\r\n";
    const origin = await startRawOrigin(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(`${head}12345`);
      await peer.until("cut");
      peer.reset();
    });
    const client = await tunnelPlain(plainwire, `localhost:${origin.port}`);
    client.send(GET);
    await client.untilLength(head.length + 5);
    client.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await client.ended()).toBe("reset");
    expect(client.text).toBe(`${head}12345`);
    expect((await failedOn(origin.port)).error.code).toBe("upstream-reset");
  });

  it("chunks that turn faulty are cut there", async () => {
    const { client, port } = await connect(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(`${CHUNKED}3\r\nabc\r\nnonsense\r\n0\r\n\r\n`);
    });
    client.send(GET);
    await client.ended();
    expect(client.text.startsWith(`${CHUNKED}3\r\nabc\r\n`)).toBe(true);
    expect(client.text).not.toContain("0\r\n\r\n");
    expect((await failedOn(port)).error.code).toBe("response-malformed");
  });

  it("bytes that answer no request never reach the client", async () => {
    const { client, port } = await connect(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`);
    });
    client.send(GET);
    await client.ended();
    expect(client.text).toBe(OK);
    expect(await failedOn(port)).toMatchObject({ error: { code: "response-unexpected", leg: "upstream" } });
  });
});

describe("a client that goes away", () => {
  it("in the middle of its request: the upstream's connection ends, and the request stays incomplete", async () => {
    const { client, port, origin } = await connect(() => {});
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    const upstream = await origin;
    await upstream.until("12345");
    client.finish();
    await upstream.ended();
    expect(upstream.text.endsWith("12345")).toBe(true);
    expect((await failedOn(port)).error).toMatchObject({ code: "request-incomplete", leg: "client" });
  });

  it("in the middle of its response: the upstream's connection is torn", async () => {
    const { client, port, origin } = await connect(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send("HTTP/1.1 200 OK\r\n\r\n");
      // A stream without end. TCP tells that nobody reads it any more only to those who write.
      const timer = setInterval(() => peer.send("."), 5);
      peer.socket.on("close", () => clearInterval(timer));
    });
    client.send(GET);
    await client.until("...");
    client.socket.destroy();
    const upstream = await origin;
    await new Promise<void>((resolve) => void upstream.socket.once("close", () => resolve()));
    const { error, status } = await failedOn(port);
    expect(status).toBe(200);
    expect(error.code).toMatch(/^client-(?:closed|reset)$/);
  });

  it("while it waits for the response: the upstream hears of it, and the flow ends with its connection", async () => {
    const { client, port, origin } = await connect(async (peer) => {
      await peer.ended();
      peer.finish();
    });
    client.send(GET);
    await (await origin).until("\r\n\r\n");
    client.socket.destroy();
    await (await origin).ended();
    // Until the upstream gives up as well, the client may only have closed its half, and still wait.
    expect((await failedOn(port)).error.code).toMatch(/^(?:client-(?:closed|reset)|upstream-closed)$/);
  });

  it("during its handshake", async () => {
    const origin = await startRawOrigin(() => {}, { certificate });
    const socket = await openTunnel(plainwire, `localhost:${origin.port}`);
    socket.end(Buffer.from("160301020001", "hex"));
    expect((await failedOn(origin.port)).error.code).toBe("client-tls");
  });
});

describe("a client that does not trust plainwire's CA", () => {
  it.each(["TLSv1.3", "TLSv1.2"] as const)("is a flow that failed, and a failed handshake: %s", async (version) => {
    const origin = await startRawOrigin(() => {}, { certificate });
    const options = { ca: ca.certPem, minVersion: version, maxVersion: version };
    await expect(openTls(plainwire, `localhost:${origin.port}`, options)).rejects.toThrow(/certificate/);
    const flow = await failedOn(origin.port);
    expect(flow).toMatchObject({
      kind: "attempt",
      host: "localhost",
      error: { code: "client-untrusting", leg: "client", step: "tls" },
    });
    expect(flow.error.hint).toContain(plainwire.caPath);
    const event = await feed.tlsFailed((one) => one.flow === flow.flow);
    expect(event).toMatchObject({ leg: "client", code: "client-untrusting", sni: "localhost" });
    expect(origin.received()).toBe("");
  });
});
