/** One client on a WebSocket: its requests and its subscriptions. */

import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { LogEntry } from "../flow/source.ts";
import { type FeedContext, hello, stats, type Watcher } from "./context.ts";
import { didYouMean } from "./did-you-mean.ts";
import { parseFlow, parseRequest, parseSubscribe, parseUnsubscribe, type RpcRequest, type Wanted } from "./params.ts";
import { CloseCode, RpcCode, RpcError } from "./protocol.ts";
import { type Notice, type Outlet, Subscription } from "./subscription.ts";

export class Session implements Watcher {
  readonly #context: FeedContext;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Requests that came while the client had too much to read; bounded, as reading stops. */
  readonly #inbox: string[] = [];
  #subscribed = 0;
  #congested = false;

  /** `socket` is the one under `ws`. Says hello at once; `wanted` is a subscription that needs no request. */
  constructor(context: FeedContext, ws: WebSocket, socket: Duplex, wanted: Wanted | null) {
    this.#context = context;
    this.#ws = ws;
    this.#socket = socket;
    ws.on("message", (data, isBinary) => this.#receive(data, isBinary));
    ws.on("ping", (data) => this.#pong(data));
    // Faults of the peer's framing: ws closes with the right code by itself.
    ws.on("error", () => {});
    ws.on("close", () => this.#stop());
    this.#notify("hello", JSON.stringify(hello(context)));
    if (wanted) this.#subscribe(wanted);
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  wake(): void {
    for (const subscription of this.#subscriptions.values()) subscription.wake();
  }

  /** Keeps the connection in use; a client that has not read what it has gets none on top. */
  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN && this.#ws.bufferedAmount === 0) this.#ws.ping();
  }

  close(reason: string): void {
    // How the last flows ended was appended just now.
    for (const subscription of this.#subscriptions.values()) subscription.finish();
    this.#notify("goodbye", JSON.stringify({ reason, seq: this.#context.source.next - 1 }));
    this.#end(CloseCode.shuttingDown, "shutting down");
  }

  /** Not left to ws: a client that pings and never reads must not fill memory with pongs. */
  #pong(data: Buffer): void {
    this.#ws.pong(data, false, this.#flushed);
    if (this.#isCongested()) this.#ws.pause();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (isBinary) return this.#end(CloseCode.protocol, "send text frames");
    // A Buffer, as long as `binaryType` is left alone.
    this.#inbox.push((data as Buffer).toString());
    this.#answerAll();
  }

  /** A client that asks and never reads its answers is no longer read either. */
  #answerAll(): void {
    while (!this.#isCongested()) {
      const text = this.#inbox.shift();
      if (text === undefined) return;
      this.#answer(text);
    }
    this.#ws.pause();
  }

  #answer(text: string): void {
    let id: RpcRequest["id"] = null;
    try {
      const request = parseRequest(text);
      id = request.id;
      const result = this.#call(request);
      if (id !== undefined) this.#send(JSON.stringify({ jsonrpc: "2.0", id, result }));
    } catch (error) {
      if (id !== undefined) this.#send(JSON.stringify({ jsonrpc: "2.0", id, error: errorObject(error) }));
    }
  }

  #call({ method, params }: RpcRequest): unknown {
    switch (method) {
      case "subscribe":
        return this.#subscribe(parseSubscribe(params, this.#context.limits));
      case "unsubscribe":
        return this.#unsubscribe(parseUnsubscribe(params));
      case "flows.get":
        return this.#flow(parseFlow(params));
      case "stats.get":
        return stats(this.#context);
      default:
        throw unknownMethod(method);
    }
  }

  #subscribe(wanted: Wanted): { subscription: string; from: number; replaying: boolean } {
    const { source, limits } = this.#context;
    if (this.#subscriptions.size >= limits.subscriptions) {
      const message = `a client has at most ${limits.subscriptions} subscriptions`;
      throw new RpcError(RpcCode.tooMany, message, { kind: "too_many", limit: limits.subscriptions });
    }
    const id = `s${this.#subscribed + 1}`;
    const subscription = new Subscription(source, wanted, this.#outlet(id, wanted));
    this.#subscribed += 1;
    this.#subscriptions.set(id, subscription);
    subscription.wake();
    return { subscription: id, from: subscription.from, replaying: subscription.replaying };
  }

  #unsubscribe(id: string): Record<string, never> {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) {
      throw new RpcError(RpcCode.unknownSubscription, "there is no such subscription", {
        kind: "unknown_subscription",
      });
    }
    subscription.stop();
    this.#subscriptions.delete(id);
    return {};
  }

  #flow(flow: string): unknown {
    const summary = this.#context.source.flow(flow);
    if (summary) return summary;
    throw new RpcError(RpcCode.flowNotFound, "there is no such flow, or it is no longer kept", {
      kind: "flow_not_found",
      flow,
    });
  }

  #outlet(sub: string, { bodies, maxInline }: Wanted): Outlet {
    return {
      congested: () => this.#isCongested(),
      cork: () => this.#socket.cork(),
      uncork: () => this.#socket.uncork(),
      event: (entry: LogEntry) => {
        const json = this.#context.eventJson(entry, bodies, maxInline);
        this.#notify(entry.name, `{"sub":"${sub}","seq":${entry.seq},${json.slice(1)}`);
      },
      notice: (notice: Notice) => this.#notify(notice.event, JSON.stringify({ sub, ...notice })),
      overflow: () => this.#end(CloseCode.slowConsumer, "too slow: events were missed"),
      fail: () => this.#end(CloseCode.internal, "plainwire failed to send an event; this is a bug"),
    };
  }

  #notify(method: string, params: string): void {
    this.#send(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`);
  }

  #send(text: string): void {
    this.#ws.send(text, this.#flushed);
  }

  #isCongested(): boolean {
    if (this.#ws.bufferedAmount >= this.#context.limits.highWater) this.#congested = true;
    return this.#congested;
  }

  /** Goes on only when half of the mark is free, so that there is no back and forth around it. */
  readonly #flushed = (): void => {
    if (!this.#congested || this.#ws.bufferedAmount > this.#context.limits.highWater / 2) return;
    this.#congested = false;
    if (this.#ws.isPaused) this.#ws.resume();
    this.#answerAll();
    this.wake();
  };

  #end(code: number, reason: string): void {
    this.#stop();
    this.#ws.close(code, reason);
  }

  #stop(): void {
    for (const subscription of this.#subscriptions.values()) subscription.stop();
    this.#subscriptions.clear();
    this.#inbox.length = 0;
  }
}

function errorObject(error: unknown): { code: number; message: string; data?: unknown } {
  if (!(error instanceof RpcError))
    return { code: RpcCode.internal, message: "plainwire failed to answer; this is a bug" };
  return { code: error.code, message: error.message, ...(error.data ? { data: error.data } : {}) };
}

function unknownMethod(method: string): RpcError {
  const suggestion = didYouMean(method, METHODS);
  const hint = suggestion ? `did you mean ${suggestion}?` : `there are ${METHODS.join(", ")}`;
  return new RpcError(
    RpcCode.method,
    `there is no method ${JSON.stringify(method)}: ${hint}`,
    suggestion ? { didYouMean: suggestion } : undefined,
  );
}

const METHODS = ["subscribe", "unsubscribe", "flows.get", "stats.get"];
