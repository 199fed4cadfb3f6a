/**
 * HTTP/1.1 from one client connection to its upstream: finds the messages and forwards their original bytes.
 *
 * Requests are forwarded as they come, pipelined ones too; responses belong to the oldest open exchange (RFC 9112 9.3).
 * The upstream's close closes the client, half-close and back-pressure are relayed, and nothing is ever retried.
 * `RequestSide` and `ResponseSide` do the reading; this class connects them to the two streams and ends them.
 */

import { type Duplex, finished } from "node:stream";
import type { Destination } from "../capture/facts.ts";
import type { FailureCode } from "../errors.ts";
import { formatHost } from "../wire/target.ts";
import { type Capture, Exchange } from "./exchange.ts";
import type { Forwarder } from "./forward.ts";
import { RequestSide } from "./http1-requests.ts";
import { ResponseSide } from "./http1-responses.ts";
import { failurePage } from "./page.ts";
import { Pipeline } from "./pipeline.ts";
import { relayTunnel } from "./tunnel.ts";
import { failureBefore, goneFor, type UpstreamFailure } from "./upstream-failure.ts";

export interface Http1Options {
  capture: Capture;
  /** Number of the client connection. */
  connection: number;
  client: Duplex;
  /** Ends the client's connection so that it can't take what it has for the whole (TCP RST where possible). */
  resetClient(): void;
  /** Where requests go: one upstream, none (then each request is answered with why), or as each request says. */
  upstream: Duplex | UpstreamFailure | Forwarder;
  /** Null for plain-HTTP proxying, where each request names its own. */
  destination: Destination | null;
  /** The scheme's port, left out where the destination is named. */
  defaultPort: 80 | 443;
  headBytes: number;
  headTimeoutMs: number;
  /** CONNECT on a plain-HTTP connection: takes over the client's stream, bytes after the head put back. */
  onConnect?(destination: Destination): void;
}

export class Http1Relay {
  readonly pipeline = new Pipeline();
  readonly client: Duplex;
  readonly options: Http1Options;
  /** Where request bytes go now; null while there is none. */
  upstream: Duplex | null = null;
  readonly forwarder: Forwarder | null;
  /** Why there is no upstream: what each request is answered with. */
  readonly failure: UpstreamFailure | null;
  #requests: RequestSide;
  #responses: ResponseSide;
  #clientEnded = false;
  /** Nothing more is relayed: what the client still sends is read and dropped until it closes. */
  #closing = false;
  #over = false;

  constructor(options: Http1Options) {
    const { upstream } = options;
    this.options = options;
    this.client = options.client;
    this.forwarder = "route" in upstream ? upstream : null;
    this.failure = "code" in upstream ? upstream : failureBefore(upstream);
    this.#requests = new RequestSide(this);
    this.#responses = new ResponseSide(this);
    this.client.on("data", this.#onClientData).on("drain", this.#onClientDrain);
    this.client.on("end", this.#onClientEnd).on("error", this.#onClientError).on("close", this.#onClientClose);
    if ("pipe" in upstream && this.failure === null) this.useUpstream(upstream);
    if (this.client.destroyed) this.#onClientClose();
    else this.client.resume();
  }

  newExchange(): Exchange {
    return new Exchange(this.options.capture, this.options.connection);
  }

  /** Sends requests to this stream from now on, in place of the one before. */
  useUpstream(stream: Duplex): void {
    if (this.upstream === stream) return;
    this.dropUpstream();
    this.upstream = stream;
    this.#responses.reset();
    stream.on("data", this.#onUpstreamData).on("drain", this.#onUpstreamDrain);
    stream.on("end", this.#onUpstreamEnd).on("error", this.#onUpstreamError).on("close", this.#onUpstreamClose);
    if (stream.destroyed) return this.#onUpstreamClose();
    stream.resume();
  }

  dropUpstream(): void {
    const stream = this.upstream;
    if (stream === null) return;
    this.#detachUpstream(stream);
    stream.on("error", ignore).destroy();
  }

  /** Passes request bytes on; the client is paused when the upstream is full. */
  toUpstream(bytes: Buffer): void {
    if (this.upstream?.write(bytes) === false) this.client.pause();
  }

  /** Passes response bytes on; the upstream is paused when the client is full. */
  toClient(bytes: Buffer): void {
    if (!this.client.write(bytes)) this.upstream?.pause();
  }

  /** The first exchange is over on both sides. */
  retire(): void {
    this.pipeline.retire();
    const next = this.pipeline.first;
    if (next === undefined && this.#clientEnded && !this.#requests.isHolding) return this.close();
    if (next !== undefined && next.refusal !== null) return this.answer(next);
    this.#requests.release();
  }

  /** All request bytes that had to wait were read. */
  caughtUp(): void {
    if (this.#closing) return;
    if (this.#clientEnded) this.#endRequests();
    else if (this.upstream?.writableNeedDrain !== true) this.client.resume();
  }

  /** Answers an exchange with plainwire's own page as soon as it is the oldest one, and closes. */
  answer(exchange: Exchange): void {
    const { refusal } = exchange;
    if (refusal === null || this.pipeline.first !== exchange || this.#closing) return;
    this.dropUpstream();
    const { code, detail, head } = refusal;
    const isHead = exchange.method === "HEAD";
    const page = failurePage({ code, host: this.hostText(), detail, requestHead: head, isHead });
    // A faulty response was recorded as it came: the flow shows its bytes, and that the client got a page instead.
    if (!exchange.responded) exchange.responseOurs(page.head, page.body);
    exchange.fail(code, detail, true);
    this.client.write(Buffer.concat([page.head, page.body]));
    this.close();
  }

  /** The destination as a page names it. */
  hostText(): string | null {
    const { destination, defaultPort } = this.options;
    const asked = destination ?? this.forwarder?.destination ?? null;
    return asked === null ? null : formatHost(asked.hostname, asked.port, defaultPort);
  }

  /** The response can't be completed: what the client has must not look whole. */
  cut(code: FailureCode, detail: string | null): void {
    const delimitedByClose = this.#responses.isDelimitedByClose;
    this.pipeline.failAll(code, detail, this.#clientEnded);
    this.dropUpstream();
    // Content-Length and chunked show the cut by themselves, and a reset could lose what was sent before it.
    if (!delimitedByClose) return this.close();
    this.options.resetClient();
  }

  /** Closes both sides after what was written has gone out. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#requests.stop();
    this.pipeline.failAll("upstream-closed", null, this.#clientEnded);
    const { client } = this;
    if (this.upstream !== null) this.#endUpstream(this.upstream);
    // Closing while the client still sends would reset the connection, and could take the response with it: linger.
    client.end(() => destroyLater(client));
    client.resume();
  }

  /** The upstream agreed to switch protocols: what follows is relayed unread. */
  switchProtocols(exchange: Exchange, rest: Buffer): void {
    const { client, upstream } = this;
    if (upstream === null) return;
    this.#requests.stop();
    this.#detachClient();
    this.#detachUpstream(upstream);
    this.pipeline.retire();
    const tunnel = this.newExchange();
    const destination = this.options.destination ?? this.forwarder?.destination ?? NOWHERE;
    tunnel.openTunnel({ destination, reason: "upgrade", from: exchange.id });
    putBack(upstream, rest);
    // Not put back: a client that has ended its half takes nothing back.
    void relayTunnel(client, upstream, tunnel, this.#requests.takeHeld());
  }

  /** A CONNECT on a plain-HTTP connection: from here on the client's stream is somebody else's. */
  handOver(destination: Destination, rest: Buffer): void {
    this.#requests.stop();
    this.#detachClient();
    this.dropUpstream();
    putBack(this.client, rest);
    this.options.onConnect?.(destination);
  }

  #onClientData = (chunk: Buffer): void => {
    if (!this.#closing) this.#requests.read(chunk);
  };

  #onUpstreamData = (chunk: Buffer): void => {
    this.#responses.read(chunk);
  };

  #onClientDrain = (): void => {
    this.upstream?.resume();
  };

  #onUpstreamDrain = (): void => {
    if (!this.#requests.isHolding) this.client.resume();
  };

  #onClientEnd = (): void => {
    this.#clientEnded = true;
    if (!this.#closing && !this.#requests.isHolding) this.#endRequests();
  };

  #onUpstreamEnd = (): void => {
    const stream = this.upstream;
    if (stream !== null) this.#endUpstream(stream);
    this.#responses.end();
  };

  #onClientError = (error: NodeJS.ErrnoException): void => {
    this.#clientGone(error.code === "ECONNRESET" ? "client-reset" : "client-closed", error.message);
  };

  #onClientClose = (): void => this.#clientGone("client-closed", null);

  #onUpstreamError = (error: Error): void => this.#upstreamGone(goneFor(error));

  #onUpstreamClose = (): void => this.#upstreamGone(goneFor(this.upstream?.errored ?? null));

  /** The client sent its last byte, and it was read. */
  #endRequests(): void {
    this.#requests.end();
    if (this.#closing) return;
    if (this.pipeline.isEmpty) return this.close();
    // Half-close is not an abort: the response still comes (wire.md 2.1).
    this.upstream?.end();
  }

  #clientGone(code: FailureCode, detail: string | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#requests.stop();
    this.pipeline.failAll(code, detail);
    this.dropUpstream();
    this.client.destroy();
  }

  #upstreamGone({ code, detail }: UpstreamFailure): void {
    this.dropUpstream();
    if (this.#closing || this.#over) return;
    const { first } = this.pipeline;
    if (first === undefined) return this.close();
    if (code === "upstream-reset" || first.responded) return this.cut(code, detail);
    // TLS 1.3 reports a refused client certificate only after the handshake: the page says so (design.md, section 5).
    first.refusal = { code, detail, head: NOTHING };
    this.answer(first);
  }

  /** Nothing more is read from it; what was written still goes out. */
  #endUpstream(stream: Duplex): void {
    this.#detachUpstream(stream).on("error", ignore).end();
    finished(stream, { readable: false }, () => stream.destroy());
    destroyLater(stream);
  }

  #detachUpstream(stream: Duplex): Duplex {
    this.upstream = null;
    stream.off("data", this.#onUpstreamData).off("drain", this.#onUpstreamDrain).off("end", this.#onUpstreamEnd);
    return stream.off("error", this.#onUpstreamError).off("close", this.#onUpstreamClose);
  }

  #detachClient(): void {
    const { client } = this;
    client.pause();
    client.off("data", this.#onClientData).off("drain", this.#onClientDrain).off("end", this.#onClientEnd);
    client.off("error", this.#onClientError).off("close", this.#onClientClose);
  }
}

function putBack(stream: Duplex, bytes: Buffer): void {
  stream.pause();
  if (bytes.length > 0) stream.unshift(bytes);
}

function destroyLater(stream: Duplex): void {
  const linger = setTimeout(() => stream.destroy(), LINGER_MS).unref();
  stream.on("close", () => clearTimeout(linger));
}

function ignore(): void {}

const NOTHING = Buffer.alloc(0);
/** How long a peer may go on after its connection was ended. */
const LINGER_MS = 2000;
const NOWHERE: Destination = { hostname: "", port: 0 };
