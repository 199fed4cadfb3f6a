/** A log of flow events that tests fill by hand. */

import type { FlowDone, FlowEvent, FlowEventName, FlowId, FlowSummary } from "../../src/flow/events.ts";
import type { BodyPart, FlowSource, FlowStats, LogEntry, StoredBody } from "../../src/flow/source.ts";

export class FakeFlowSource implements FlowSource {
  readonly epoch = "01JD3";
  first = 1;
  next = 1;
  /** How often an entry's text was made. */
  serialised = 0;
  readonly flows = new Map<FlowId, FlowSummary>();
  readonly bodies = new Map<string, StoredBody>();
  readonly #entries = new Map<number, LogEntry>();
  readonly #listeners = new Set<() => void>();
  readonly #capacity: number;

  /** Keeps the last `capacity` entries. */
  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  append(...events: FlowEvent[]): void {
    for (const event of events) this.#add(event);
    for (const listener of this.#listeners) listener();
  }

  at(seq: number): LogEntry | undefined {
    return this.#entries.get(seq);
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flow(id: FlowId): FlowSummary | undefined {
    return this.flows.get(id);
  }

  body(id: FlowId, part: BodyPart): StoredBody | undefined {
    return this.bodies.get(`${id}/${part}`);
  }

  stats(): FlowStats {
    return { flows: this.flows.size, open: 0, failed: 0, bodyBytes: 4096, bodyBytesDropped: 512 };
  }

  #add(event: FlowEvent): void {
    this.#entries.set(this.next, new FakeEntry(this.next, event, () => (this.serialised += 1)));
    this.next += 1;
    if (this.next - this.first > this.#capacity) this.#entries.delete(this.first++);
    if (event.event === "flow.done") this.flows.set(event.flow, event);
  }
}

class FakeEntry implements LogEntry {
  readonly seq: number;
  readonly name: FlowEventName;
  readonly t: number;
  readonly flow: FlowId;
  readonly event: FlowEvent;
  readonly #count: () => void;
  #json: string | null = null;

  constructor(seq: number, event: FlowEvent, count: () => void) {
    this.seq = seq;
    this.name = event.event;
    this.t = event.t;
    this.flow = "flow" in event ? event.flow : "";
    this.event = event;
    this.#count = count;
  }

  get json(): string {
    if (this.#json === null) this.#count();
    this.#json ??= JSON.stringify(this.event);
    return this.#json;
  }
}

/** A finished GET without bodies. */
export function flowDone(flow: FlowId, fields: Partial<FlowDone> = {}): FlowDone {
  return {
    event: "flow.done",
    flow,
    t: 1763690000373.5,
    state: "done",
    kind: "http",
    method: "GET",
    url: `https://api.example.com/${flow}`,
    host: "api.example.com",
    port: 443,
    scheme: "https",
    http: "1.1",
    started: 1763690000123.4,
    status: 200,
    reason: "OK",
    req: { headers: [["Host", "api.example.com"]], trailers: [], size: 0, wire: 40, body: null, changes: [] },
    res: { headers: [], trailers: [], size: 0, wire: 19, body: null, ours: false, interim: [] },
    timing: { dns: 5.1, connect: 12, tls: 22.3, send: 0.6, wait: 78.2, receive: 131, total: 249.4 },
    tls: { client: null, upstream: null },
    tunnel: null,
    client: { addr: "127.0.0.1:52166" },
    upstream: { addr: "93.184.216.34:443", reused: false },
    error: null,
    ...fields,
  };
}

export interface FakeBody {
  content: Uint8Array | string;
  mime?: string;
  coding?: string[];
  /** Content bytes that passed; more than `content` has if some were not kept. */
  size?: number;
  complete?: boolean;
}

/** A finished flow with a response body, which `source` then has. */
export function flowWithBody(source: FakeFlowSource, flow: FlowId, body: FakeBody): FlowDone {
  const content = Buffer.from(body.content as string);
  const { mime = "text/plain", coding = [], size = content.length, complete = size === content.length } = body;
  source.bodies.set(`${flow}/res`, { mime, coding, size, content, complete, started: 1763690000123 });
  const info = { size, kept: content.length, mime, coding };
  const res = { headers: [], trailers: [], size, wire: size + 19, body: info, ours: false, interim: [] };
  const done = flowDone(flow, { res });
  source.flows.set(flow, done);
  return done;
}
