/** What is relayed unread, and what follows an upgrade. */

import { once } from "node:events";
import http from "node:http";
import http2, { type ServerHttp2Stream } from "node:http2";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import { createTestCa } from "../support/pki.ts";
import { type Plainwire, startPlainwire } from "../support/plainwire.ts";
import { openTls, openTunnel, tunnelPlain, tunnelTls } from "../support/raw-client.ts";
import { startRawOrigin } from "../support/raw-origin.ts";

const ca = createTestCa();
const certificate = ca.issue();
let plainwire: Plainwire;
let feed: FeedReader;

beforeAll(async () => {
  plainwire = await startPlainwire({ upstreamCa: ca.certPem });
  feed = await readFeed(plainwire);
});

beforeEach(() => feed.startOver());

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
});

it("bytes of an unknown protocol go both ways unread, and each side's end, too", async () => {
  const origin = await startRawOrigin(async (peer) => {
    await peer.until("\x00\xffhello");
    peer.send("\x01\xfeworld");
    await peer.ended();
    peer.finish("bye");
  });
  const client = await tunnelPlain(plainwire, `localhost:${origin.port}`);
  client.send("\x00\xffhello");
  await client.until("\x01\xfeworld");
  client.finish();
  expect(await client.ended()).toBe("end");
  expect(client.text).toBe("\x01\xfeworldbye");
  const flow = await feed.finished(({ port }) => port === origin.port);
  expect(flow).toMatchObject({ event: "flow.done", kind: "tunnel", tunnel: "unknown-protocol", method: "CONNECT" });
  expect(flow).toMatchObject({ url: `localhost:${origin.port}`, scheme: "tcp", req: { size: 7 }, res: { size: 10 } });
});

it("an upstream that speaks first is heard", async () => {
  const origin = await startRawOrigin(async (peer) => {
    peer.send("220 mail.test ESMTP\r\n");
    await peer.until("QUIT\r\n");
    peer.finish("221 bye\r\n");
  });
  const client = await tunnelPlain(plainwire, `localhost:${origin.port}`);
  await client.until("220 mail.test ESMTP\r\n");
  client.finish("QUIT\r\n");
  await client.ended();
  expect(client.text).toBe("220 mail.test ESMTP\r\n221 bye\r\n");
  const flow = await feed.finished(({ port }) => port === origin.port);
  expect(flow).toMatchObject({ kind: "tunnel", tunnel: "upstream-first", req: { size: 6 }, res: { size: 30 } });
});

it("a tunnel that was opened and closed is a flow that says so", async () => {
  const origin = await startRawOrigin((peer) => void peer.ended().then(() => peer.finish()));
  const client = await tunnelPlain(plainwire, `localhost:${origin.port}`);
  await origin.peer(0);
  client.finish();
  await client.ended();
  const flow = await feed.finished(({ port }) => port === origin.port);
  expect(flow).toMatchObject({ event: "flow.done", kind: "tunnel", tunnel: "unused" });
});

it("a tunnel whose upstream tears the connection tears the client's", async () => {
  const origin = await startRawOrigin(async (peer) => {
    await peer.until("\x00hello");
    peer.reset();
  });
  const client = await tunnelPlain(plainwire, `localhost:${origin.port}`);
  client.send("\x00hello");
  expect(await client.ended()).toBe("reset");
  const flow = await feed.failed(({ port }) => port === origin.port);
  expect(flow).toMatchObject({ kind: "tunnel", error: { code: "upstream-reset", leg: "upstream" } });
});

it("a client that speaks only HTTP/2 is passed through to the upstream's own certificate", async () => {
  const server = http2.createSecureServer({ cert: certificate.chainPem, key: certificate.keyPem });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.respond({ ":status": 200 });
    stream.end("over HTTP/2");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;

  const socket = await openTls(plainwire, `localhost:${port}`, { ca: ca.certPem, ALPNProtocols: ["h2"] });
  expect(socket.alpnProtocol).toBe("h2");
  const session = http2.connect(`https://localhost:${port}`, { createConnection: () => socket });
  const request = session.request({ ":path": "/" });
  let body = "";
  for await (const chunk of request) body += String(chunk);
  expect(body).toBe("over HTTP/2");
  session.close();

  const flow = await feed.finished((one) => one.port === port);
  expect(flow).toMatchObject({ kind: "tunnel", tunnel: "http2-only", host: "localhost" });
  expect(flow.res?.size).toBeGreaterThan(0);
});

it("a protocol that the peers agreed on and plainwire does not read is a decrypted tunnel", async () => {
  const origin = await startRawOrigin(
    async (peer) => {
      await peer.until("ping");
      peer.finish("pong");
    },
    { certificate, tls: { ALPNProtocols: ["acme/1"] } },
  );
  const client = await tunnelTls(plainwire, `localhost:${origin.port}`, {
    ca: plainwire.ca,
    ALPNProtocols: ["acme/1"],
  });
  expect((client.socket as TLSSocket).alpnProtocol).toBe("acme/1");
  client.send("ping");
  await client.until("pong");
  client.finish();
  const flow = await feed.finished(({ port }) => port === origin.port);
  expect(flow).toMatchObject({ kind: "tunnel", tunnel: "alpn", req: { size: 4 }, res: { size: 4 } });
});

it.each(["https", "http"] as const)("a WebSocket over %s works, with what came right after the 101", async (scheme) => {
  const secure = { cert: certificate.chainPem, key: certificate.keyPem };
  const server = scheme === "https" ? https.createServer(secure) : http.createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (ws) => {
    ws.send("welcome");
    ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    sockets.close();
    server.close();
  });

  const authority = `localhost:${port}`;
  const socket =
    scheme === "https"
      ? await openTls(plainwire, authority, { ca: plainwire.ca })
      : await openTunnel(plainwire, authority);
  const url = `${scheme.replace("http", "ws")}://${authority}/chat`;
  const ws = new WebSocket(url, { createConnection: () => socket, perMessageDeflate: false });
  socket.resume();
  const messages: string[] = [];
  const echoed = new Promise<void>((resolve) => {
    ws.on("message", (data) => {
      messages.push(String(data));
      if (messages.length === 3) resolve();
    });
  });
  await once(ws, "open");
  const long = "x".repeat(100_000);
  ws.send("hello");
  ws.send(long);
  await echoed;
  expect(messages).toEqual(["welcome", "hello", long]);
  const closed = once(ws, "close");
  ws.close(4001, "enough");
  expect(await closed).toEqual([4001, Buffer.from("enough")]);

  const exchange = await feed.finished((flow) => flow.port === port && flow.kind === "http");
  expect(exchange).toMatchObject({
    event: "flow.done",
    method: "GET",
    status: 101,
    url: `${scheme}://${authority}/chat`,
  });
  const tunnel = await feed.finished((flow) => flow.port === port && flow.kind === "tunnel");
  expect(tunnel).toMatchObject({ event: "flow.done", tunnel: "upgrade" });
  expect(tunnel.req.size).toBeGreaterThan(100_000);
  expect(tunnel.res?.size).toBeGreaterThan(100_000);
});

it("an upgrade that the upstream declines is an answer like any other", async () => {
  const declined = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno";
  const origin = await startRawOrigin(
    async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(declined);
      await peer.until("GET /again");
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    },
    { certificate },
  );
  const client = await tunnelTls(plainwire, `localhost:${origin.port}`, { ca: plainwire.ca });
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await client.until(declined);
  client.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.until("ok");
  expect(await feed.finished(({ port }) => port === origin.port)).toMatchObject({ kind: "http", status: 426 });
});
