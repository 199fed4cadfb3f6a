/** A client of the feed: what the terminal UI is built on. */

import { Agent, get, type IncomingMessage } from "node:http";
import { type RawData, WebSocket } from "ws";
import type { FlowEvent } from "../flow/events.ts";
import { SUBPROTOCOL } from "./protocol.ts";

export interface FeedAddress {
  /** "ws://127.0.0.1:8081/v1/feed", without a token. */
  url: string;
  token: string;
}

export interface Hello {
  protocol: string;
  version: { major: number; minor: number };
  server: { name: string; version: string; pid: number };
  /** "http://127.0.0.1:8080" */
  proxy: string;
  /** Path of the CA certificate that clients must trust. */
  ca: string;
  insecure: boolean;
  epoch: string;
  seq: { first: number; last: number };
  now: number;
  limits: { ring: number; maxFrame: number; inlineBody: number; highWater: number };
  scopes: string[];
  features: string[];
}

export interface Subscribe {
  /** Event names; "flow.*" stands for all that begin with "flow.". */
  events: string[];
  since?: "start" | "now" | { epoch: string; seq: number };
  bodies?: "none" | "meta" | "inline";
  maxInline?: number;
}

/** What a subscription delivers. */
export type FeedMessage =
  | (FlowEvent & { sub: string; seq: number })
  | { event: "gap"; sub: string; from: number; to: number; count: number; reason: string }
  | { event: "caught_up"; sub: string; seq: number }
  | { event: "goodbye"; reason: string };

export interface BodyContent {
  bytes: Buffer;
  /** Total bytes of the (decoded, if asked for) content, where known. */
  total: number | null;
  /** True if content is missing at the end: over a limit, or not kept. */
  truncated: boolean;
  /** Why decoding failed; `bytes` are then the content as sent. */
  undecodable: string | null;
}

export interface FeedClient {
  readonly hello: Hello;
  subscribe(params: Subscribe): Promise<{ subscription: string; from: number }>;
  /** Calls `listener` for each message, in order. */
  onMessage(listener: (message: FeedMessage) => void): void;
  /** Calls `listener` once when the connection is gone, for whatever reason. */
  onClose(listener: (reason: string) => void): void;
  /** Reads at most `limit` bytes of a body; `ref` as in `BodyInfo.ref` ("f_8kq2/res"). */
  body(ref: string, options: { decoded: boolean; limit: number }): Promise<BodyContent>;
  close(): void;
}

/** Why there is no feed, or no more: `code` is the platform's, the API's, or "closed". */
export class FeedError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ConnectOptions {
  /** For the connection and the server's hello together. Default 5,000. */
  timeoutMs?: number;
}

/**
 * Resolves after the server's hello; rejects with FeedError. Register `onMessage` before the first `subscribe`: events
 * may arrive in the same turn as its answer. The connection is direct, whatever proxy the environment names.
 */
export function connectFeed(address: FeedAddress, options: ConnectOptions = {}): Promise<FeedClient> {
  const headers = authorization(address);
  const ws = new WebSocket(address.url, SUBPROTOCOL, { headers, perMessageDeflate: false });
  return awaitHello(ws, address, options.timeoutMs ?? CONNECT_TIMEOUT_MS);
}

function awaitHello(ws: WebSocket, address: FeedAddress, timeoutMs: number): Promise<FeedClient> {
  return new Promise((resolve, reject) => {
    const fail = (error: FeedError) => {
      clearTimeout(timer);
      reject(error);
      ws.terminate();
    };
    const timer = setTimeout(() => fail(new FeedError("timeout", `no hello from ${address.url} in time`)), timeoutMs);
    // Stays for the connection's life: an "error" is always followed by "close", which tells.
    ws.on("error", (error: NodeJS.ErrnoException) => fail(unreachable(address, error)));
    ws.once("close", (code, reason) => fail(new FeedError("closed", closeReason(code, reason))));
    ws.once("unexpected-response", (_request, response) => {
      readError(response).then(fail, () => fail(new FeedError("refused", `${address.url} is not a plainwire feed`)));
    });
    ws.once("message", (data) => {
      clearTimeout(timer);
      const message = parse(data);
      // At once: what follows may be in the same packet.
      if (message?.method === "hello") resolve(new Connection(ws, address, message.params as Hello));
      else fail(new FeedError("protocol", `${address.url} is not a plainwire feed`));
    });
  });
}

class Connection implements FeedClient {
  readonly hello: Hello;
  readonly #ws: WebSocket;
  readonly #address: FeedAddress;
  /** Its own: the global agent may lead to a proxy (NODE_USE_ENV_PROXY), that is, to plainwire itself. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: FeedError) => void }>();
  readonly #listeners: ((message: FeedMessage) => void)[] = [];
  readonly #closeListeners: ((reason: string) => void)[] = [];
  #lastId = 0;
  #goodbye: string | null = null;
  #closed: string | null = null;

  constructor(ws: WebSocket, address: FeedAddress, hello: Hello) {
    this.hello = hello;
    this.#ws = ws;
    this.#address = address;
    ws.on("message", (data) => this.#receive(data));
    ws.on("close", (code, reason) => this.#end(this.#goodbye ?? closeReason(code, reason)));
  }

  async subscribe(params: Subscribe): Promise<{ subscription: string; from: number }> {
    return (await this.#call("subscribe", params)) as { subscription: string; from: number };
  }

  onMessage(listener: (message: FeedMessage) => void): void {
    this.#listeners.push(listener);
  }

  onClose(listener: (reason: string) => void): void {
    const reason = this.#closed;
    if (reason === null) this.#closeListeners.push(listener);
    else queueMicrotask(() => listener(reason));
  }

  body(ref: string, { decoded, limit }: { decoded: boolean; limit: number }): Promise<BodyContent> {
    const path = ref.split("/").map(encodeURIComponent).join("/");
    const url = new URL(
      `/v1/flows/${path}/body${decoded ? "?decoded=1" : ""}`,
      this.#address.url.replace(/^ws/, "http"),
    );
    const headers = { ...authorization(this.#address), range: `bytes=0-${Math.max(limit, 1) - 1}` };
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(error instanceof FeedError ? error : unreachable(this.#address, error));
      const request = get(url, { agent: this.#agent, headers }, (response) => {
        readBody(response, limit).then(resolve, failed);
      });
      request.on("error", failed);
    });
  }

  close(): void {
    this.#ws.close(1000);
  }

  #call(method: string, params: unknown): Promise<unknown> {
    if (this.#closed !== null) return Promise.reject(new FeedError("closed", this.#closed));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#ws.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }), () => {});
    });
  }

  #receive(data: RawData): void {
    const message = parse(data);
    if (!message) return this.#ws.terminate();
    if (typeof message.id === "number") return this.#settle(message.id, message);
    if (!message.method) return;
    const params = { ...message.params, event: message.method } as FeedMessage;
    if (params.event === "goodbye") this.#goodbye = params.reason;
    for (const listener of this.#listeners) listener(params);
  }

  #settle(id: number, { result, error }: Message): void {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) call?.reject(new FeedError(String(error.code), error.message));
    else call?.resolve(result);
  }

  #end(reason: string): void {
    this.#closed = reason;
    this.#agent.destroy();
    for (const { reject } of this.#pending.values()) reject(new FeedError("closed", reason));
    this.#pending.clear();
    for (const listener of this.#closeListeners.splice(0)) listener(reason);
  }
}

interface Message {
  id?: number | string | null;
  method?: string;
  params?: object;
  result?: unknown;
  error?: { code: number; message: string };
}

function parse(data: RawData): Message | null {
  try {
    const message: unknown = JSON.parse(textOf(data));
    return typeof message === "object" ? message : null;
  } catch {
    return null;
  }
}

/** Messages are Buffers, as long as `binaryType` is left alone. */
function textOf(data: RawData): string {
  return (data as Buffer).toString();
}

function authorization({ token }: FeedAddress): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Reads at most `limit` bytes, whatever the server sends. */
async function readBody(response: IncomingMessage, limit: number): Promise<BodyContent> {
  if (response.statusCode !== 200 && response.statusCode !== 206) throw await readError(response);
  const { bytes, whole } = await readAtMost(response, limit);
  const { headers } = response;
  const length = headers["content-range"]?.split("/")[1] ?? headers["content-length"];
  const total = length !== undefined && /^\d+$/.test(length) ? Number(length) : null;
  const cut = !whole || (total !== null && bytes.length < total);
  return {
    bytes,
    total,
    truncated: cut || headers["plainwire-complete"] !== "true",
    undecodable: header(headers["plainwire-undecodable"]),
  };
}

async function readAtMost(response: IncomingMessage, limit: number): Promise<{ bytes: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
    // Leaving the loop destroys the response.
    if (size > limit) break;
  }
  return { bytes: Buffer.concat(chunks), whole: size <= limit };
}

/** Makes an error of an answer that refuses. */
async function readError(response: IncomingMessage): Promise<FeedError> {
  const { bytes } = await readAtMost(response, ERROR_BYTES);
  const { error } = JSON.parse(bytes.toString()) as { error: { code: string; message: string; hint?: string } };
  return new FeedError(error.code, error.hint === undefined ? error.message : `${error.message}: ${error.hint}`);
}

function unreachable({ url }: FeedAddress, error: NodeJS.ErrnoException): FeedError {
  const { host } = new URL(url);
  if (error.code === "ECONNREFUSED")
    return new FeedError(error.code, `nothing listens on ${host}: plainwire does not run there`);
  return new FeedError(error.code ?? "failed", `the feed on ${host} can't be reached: ${error.message}`);
}

function closeReason(code: number, reason: Buffer): string {
  if (reason.length > 0) return reason.toString();
  return code === 1000 ? "closed" : `the connection to plainwire was lost (${code})`;
}

function header(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : null;
}

const CONNECT_TIMEOUT_MS = 5_000;
const ERROR_BYTES = 64 * 1024;
