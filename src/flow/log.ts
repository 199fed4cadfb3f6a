/** The hub: takes in the relay's records, keeps flows, bodies and the log of events within budgets, and answers the feed. */

import { randomBytes } from "node:crypto";
import { readRecords, type Record, viewBatch } from "../capture/record.ts";
import { BodyRing } from "./bodies.ts";
import { Collector } from "./collector.ts";
import { storedBody } from "./content.ts";
import { describe } from "./describe.ts";
import { EventLog, type LogBudget } from "./event-log.ts";
import type { FlowId, FlowSummary } from "./events.ts";
import { exchangeOf, type Flow } from "./flow.ts";
import type { BodyPart, FlowSource, FlowStats, LogEntry, StoredBody } from "./source.ts";
import { summarize, type Surroundings } from "./summary.ts";
import { FlowTable, type TableBudget } from "./table.ts";

/** In bytes, except `flows` and `ringEvents`. */
export interface FlowBudgets extends LogBudget, TableBudget {
  /** Wire bytes kept of one body. */
  bodyBytes: number;
  /** All bodies; the oldest bytes go first. */
  totalBodyBytes: number;
}

export interface FlowLogOptions {
  /** Path of plainwire's CA certificate, for hints. */
  caPath: string;
  budgets?: Partial<FlowBudgets>;
  /** Identifies the run; random unless given. */
  epoch?: string;
}

interface HubStats extends FlowStats {
  headBytes: number;
  events: number;
  eventBytes: number;
  /** Records that fit no open flow or connection, and ends among them or missing. Above 0 they are a bug of the relay. */
  strayRecords: number;
  strayEnds: number;
}

export interface FlowLog extends FlowSource {
  /**
   * Takes in a batch, which holds `length` bytes of records, and frees it. Listeners are called at most once.
   */
  accept(batch: ArrayBuffer, length: number): void;
  /** Ends all open flows as failed, because the relay is gone. */
  failOpen(code: "relay-crashed" | "shutdown"): void;
  stats(): HubStats;
}

export function createFlowLog(options: FlowLogOptions): FlowLog {
  return new Hub(options);
}

class Hub implements FlowLog {
  readonly epoch: string;
  readonly #bodies: BodyRing;
  readonly #around: Surroundings;
  readonly #log: EventLog;
  readonly #table: FlowTable;
  readonly #collector: Collector;
  readonly #listeners = new Set<() => void>();

  constructor({ caPath, budgets, epoch }: FlowLogOptions) {
    const budget = { ...DEFAULTS, ...budgets };
    this.epoch = epoch ?? randomBytes(8).toString("hex");
    this.#bodies = new BodyRing(budget.totalBodyBytes, budget.bodyBytes);
    this.#around = { caPath, bodies: this.#bodies };
    this.#log = new EventLog(budget, (name, flow) => describe(name, flow, this.#around));
    this.#table = new FlowTable(budget, (flow) => this.#log.adopt(flow));
    this.#collector = new Collector(this.#table, this.#log, this.#bodies);
  }

  accept(batch: ArrayBuffer, length: number): void {
    const { next } = this.#log;
    readRecords(viewBatch(batch), length, this.#see);
    // At once: hundreds of batches a second would wait for the garbage collector, which can't see how large they are.
    batch.transfer(0);
    this.#notify(next);
  }

  failOpen(code: "relay-crashed" | "shutdown"): void {
    const { next } = this.#log;
    this.#collector.failOpen(code, performance.timeOrigin + performance.now());
    this.#notify(next);
  }

  get first(): number {
    return this.#log.first;
  }

  get next(): number {
    return this.#log.next;
  }

  at(seq: number): LogEntry | undefined {
    return this.#log.at(seq);
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flow(id: FlowId): FlowSummary | undefined {
    const flow = this.#find(id);
    return flow && summarize(flow, this.#around);
  }

  body(id: FlowId, part: BodyPart): StoredBody | undefined {
    const flow = this.#find(id);
    return flow && storedBody(flow, part, this.#bodies);
  }

  stats(): HubStats {
    const { failed, strayRecords, strayEnds } = this.#collector;
    return {
      flows: this.#table.size,
      open: this.#table.open.size,
      failed,
      bodyBytes: this.#bodies.used,
      bodyBytesDropped: this.#bodies.dropped,
      headBytes: this.#table.bytes,
      events: this.#log.next - this.#log.first,
      eventBytes: this.#log.bytes,
      strayRecords,
      strayEnds,
    };
  }

  readonly #see = (record: Record): void => this.#collector.see(record);

  #find(id: FlowId): Flow | undefined {
    const exchange = exchangeOf(id);
    return exchange === undefined ? undefined : this.#table.get(exchange);
  }

  #notify(before: number): void {
    if (this.#log.next === before) return;
    for (const listener of this.#listeners) listener();
  }
}

const MIB = 1024 * 1024;
const DEFAULTS: FlowBudgets = {
  bodyBytes: MIB,
  totalBodyBytes: 32 * MIB,
  ringBytes: 16 * MIB,
  ringEvents: 50_000,
  flows: 100_000,
  headBytes: 128 * MIB,
};
