/** `GET /v1/events`: events for those who speak no WebSocket, as NDJSON or as server-sent events. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { LogEntry } from "../flow/source.ts";
import type { FeedContext, Watcher } from "./context.ts";
import { parsePosition, parseSubscribeQuery, type Wanted } from "./params.ts";
import { refuse, SAFE_HEADERS } from "./reply.ts";
import { type Notice, type Outlet, Subscription } from "./subscription.ts";

/** Throws RpcError if the query is not valid. */
export function streamEvents(
  context: FeedContext,
  request: IncomingMessage,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const { source, limits, clients } = context;
  if (clients.size >= limits.clients)
    return refuse(response, {
      status: 429,
      code: "too_many_clients",
      message: `the feed has at most ${limits.clients} clients`,
    });
  const sse = request.headers.accept?.includes("text/event-stream") ?? false;
  const wanted = parseSubscribeQuery(query, { events: "flow.done,flow.failed" }, limits);
  const last = request.headers["last-event-id"];
  if (sse && typeof last === "string") wanted.since = resume(last, source.epoch);
  const stream = new EventStream(context, response, wanted, sse ? serverSent(source.epoch) : ndjson);
  response.writeHead(200, { ...SAFE_HEADERS, "content-type": sse ? "text/event-stream" : "application/x-ndjson" });
  if (request.method === "HEAD") return void response.end();
  response.flushHeaders();
  clients.add(stream);
  response.once("close", () => {
    stream.stop();
    clients.delete(stream);
  });
  stream.wake();
}

/** Turns one JSON object into what is sent; `seq` is null for what has no place in the log. */
type Frame = (name: string, seq: number | null, json: string) => string;

class EventStream implements Watcher, Outlet {
  readonly subscriptions = 1;
  readonly #context: FeedContext;
  readonly #response: ServerResponse;
  readonly #wanted: Wanted;
  readonly #frame: Frame;
  readonly #subscription: Subscription;
  #blocked = false;

  constructor(context: FeedContext, response: ServerResponse, wanted: Wanted, frame: Frame) {
    this.#context = context;
    this.#response = response;
    this.#wanted = wanted;
    this.#frame = frame;
    this.#subscription = new Subscription(context.source, wanted, this);
  }

  wake(): void {
    this.#subscription.wake();
  }

  stop(): void {
    this.#subscription.stop();
  }

  close(reason: string): void {
    this.#subscription.finish();
    this.#write("goodbye", null, JSON.stringify({ event: "goodbye", reason }));
    this.#response.end();
  }

  congested(): boolean {
    if (this.#response.writableLength >= this.#context.limits.highWater) this.#blocked = true;
    return this.#blocked;
  }

  cork(): void {
    this.#response.cork();
  }

  uncork(): void {
    this.#response.uncork();
  }

  event(entry: LogEntry): void {
    const json = this.#context.eventJson(entry, this.#wanted.bodies, this.#wanted.maxInline);
    this.#write(entry.name, entry.seq, `{"seq":${entry.seq},${json.slice(1)}`);
  }

  notice(notice: Notice): void {
    this.#write(notice.event, null, JSON.stringify(notice));
  }

  overflow(): void {
    this.stop();
    this.close("slow_consumer");
  }

  fail(): void {
    this.stop();
    this.#response.destroy();
  }

  #write(name: string, seq: number | null, json: string): void {
    this.#response.write(this.#frame(name, seq, json), this.#flushed);
  }

  readonly #flushed = (): void => {
    if (!this.#blocked || this.#response.writableLength > this.#context.limits.highWater / 2) return;
    this.#blocked = false;
    this.wake();
  };
}

/** An EventSource can't handle an error, so the position of another run means all of this one. */
function resume(id: string, epoch: string): Wanted["since"] {
  const position = parsePosition(id);
  return position?.epoch === epoch ? position : "start";
}

const ndjson: Frame = (_name, _seq, json) => `${json}\n`;

function serverSent(epoch: string): Frame {
  return (name, seq, json) => `${seq === null ? "" : `id: ${epoch}-${seq}\n`}event: ${name}\ndata: ${json}\n\n`;
}
