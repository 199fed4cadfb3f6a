/** A feed on a loopback port, and clients that speak to it in frames and bytes. */

import { once } from "node:events";
import { request, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type Feed, startFeed } from "../../src/feed/server.ts";
import type { FeedLimits } from "../../src/feed/protocol.ts";
import type { FlowSource } from "../../src/flow/source.ts";

export const TOKEN = "t0ken/with+odd=chars";
const INFO = { version: "0.1.0", pid: 4711, proxy: () => "http://127.0.0.1:8080", ca: "/ca.pem", insecure: false };

/** Closed when the test ends. */
export async function startTestFeed(source: FlowSource, limits: Partial<FeedLimits> = {}): Promise<Feed> {
  const feed = await startFeed({ listen: { host: "127.0.0.1", port: 0 }, token: TOKEN, source, info: INFO, limits });
  onTestFinished(() => feed.close("the test is over"));
  return feed;
}

/** A message as it came, with `method` and `params` loosely typed. */
export interface Frame {
  id?: number | null;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

/** A raw WebSocket client: frames are taken one by one, in order. */
export class TestClient {
  readonly ws: WebSocket;
  readonly texts: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #wake: () => void = () => {};
  #taken = 0;
  #lastId = 0;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data) => {
      this.texts.push(String(data));
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      ws.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  async next(): Promise<Frame> {
    while (this.#taken >= this.texts.length) await new Promise<void>((resolve) => (this.#wake = resolve));
    return JSON.parse(this.texts[this.#taken++] ?? "") as Frame;
  }

  /** The next message with this method; others are passed over. */
  async until(method: string): Promise<Record<string, unknown>> {
    for (;;) {
      const frame = await this.next();
      if (frame.method === method) return frame.params ?? {};
    }
  }

  /** Sends a request and returns its answer; notifications before it are passed over. */
  async call(method: string, params?: unknown): Promise<Frame> {
    this.#lastId += 1;
    this.ws.send(JSON.stringify({ jsonrpc: "2.0", id: this.#lastId, method, params }));
    return this.answer(this.#lastId);
  }

  async answer(id: number | null): Promise<Frame> {
    for (;;) {
      const frame = await this.next();
      if (!frame.method && frame.id === id) return frame;
    }
  }
}

/** Connects and takes the hello. */
export async function openClient(feed: Feed, query = ""): Promise<TestClient> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const ws = new WebSocket(feed.url + query, ["plainwire.feed.v1"], { headers, perMessageDeflate: false });
  const client = new TestClient(ws);
  onTestFinished(() => ws.terminate());
  await client.until("hello");
  return client;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export function fetchApi(
  feed: Feed,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { method, agent: false, headers: { authorization: `Bearer ${TOKEN}`, ...headers } };
    const sent = request(`${feed.apiUrl}${path}`, options, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
    });
    sent.on("error", reject).end();
  });
}

/** Sends `head` (lines without the empty one) and returns everything that comes back until the connection ends. */
export async function rawExchange(feed: Feed, head: string[]): Promise<string> {
  const socket = await openSocket(feed);
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    // Upgraded: the hello is there, and the connection stays open.
    if (text.includes('"hello"')) break;
  }
  return text;
}

export async function openSocket(feed: Feed): Promise<Socket> {
  const socket = connect(feed.port, feed.host);
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
