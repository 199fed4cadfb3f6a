/** A client of a running plainwire's feed that keeps all it is told. */

import { once } from "node:events";
import { WebSocket } from "ws";
import type { FlowDone, FlowEvent, FlowFailed, TlsFailed } from "../../src/flow/events.ts";
import type { Plainwire } from "./plainwire.ts";

export type Finished = FlowDone | FlowFailed;

export interface FeedReader {
  /** In the order of the feed, from the engine's first event on. */
  readonly events: FlowEvent[];
  /** Leaves what came so far out of what is looked for: ports are used again by later tests. */
  startOver(): void;
  /** The first event that fits, whether it was there before or is still to come. */
  until(fits: (event: FlowEvent) => boolean): Promise<FlowEvent>;
  /** The first flow that ended and fits; a text means a part of its URL. */
  finished(fits: string | ((flow: Finished) => boolean)): Promise<Finished>;
  /** The first flow that failed and fits. */
  failed(fits: string | ((flow: Finished) => boolean)): Promise<FlowFailed>;
  /** The first failed handshake that fits. */
  tlsFailed(fits: (event: TlsFailed) => boolean): Promise<TlsFailed>;
  close(): void;
}

/** Subscribes to everything. Bodies come inline, up to 64 KiB each. */
export async function readFeed({ feedUrl, token }: Pick<Plainwire, "feedUrl" | "token">): Promise<FeedReader> {
  const headers = { authorization: `Bearer ${token}` };
  const ws = new WebSocket(feedUrl, "plainwire.feed.v1", { headers, perMessageDeflate: false });
  const reader = new Reader(ws);
  await once(ws, "open");
  const params = { events: ["flow.*", "tls.failed"], since: "start", bodies: "inline", maxInline: 65_536 };
  ws.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscribe", params }));
  await reader.subscribed;
  return reader;
}

class Reader implements FeedReader {
  readonly events: FlowEvent[] = [];
  readonly subscribed: Promise<void>;
  readonly #ws: WebSocket;
  #waiting: (() => void)[] = [];
  #from = 0;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    this.subscribed = new Promise((resolve, reject) => {
      ws.on("message", (data) => {
        const message = JSON.parse(String(data)) as Message;
        if (message.error !== undefined) reject(new Error(message.error.message));
        else if (message.id === 1) resolve();
        if (message.method !== undefined) this.#take(message.method, message.params);
      });
    });
  }

  startOver(): void {
    this.#from = this.events.length;
  }

  async until(fits: (event: FlowEvent) => boolean): Promise<FlowEvent> {
    for (;;) {
      const event = this.events.slice(this.#from).find(fits);
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async finished(fits: string | ((flow: Finished) => boolean)): Promise<Finished> {
    const test = typeof fits === "string" ? (flow: Finished) => flow.url.includes(fits) : fits;
    return (await this.until((event) => isFinished(event) && test(event))) as Finished;
  }

  async failed(fits: string | ((flow: Finished) => boolean)): Promise<FlowFailed> {
    const test = typeof fits === "string" ? (flow: Finished) => flow.url.includes(fits) : fits;
    return (await this.until((event) => event.event === "flow.failed" && test(event))) as FlowFailed;
  }

  async tlsFailed(fits: (event: TlsFailed) => boolean): Promise<TlsFailed> {
    return (await this.until((event) => event.event === "tls.failed" && fits(event))) as TlsFailed;
  }

  close(): void {
    this.#ws.close();
  }

  #take(method: string, params: object): void {
    if (method === "gap") throw new Error(`the feed left events out: ${JSON.stringify(params)}`);
    if (method.startsWith("flow.") || method === "tls.failed") {
      this.events.push({ ...params, event: method } as FlowEvent);
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

interface Message {
  id?: number;
  error?: { message: string };
  method?: string;
  params: object;
}

function isFinished(event: FlowEvent): event is Finished {
  return event.event === "flow.done" || event.event === "flow.failed";
}
