/**
 * The log of events: a ring of references to flows. An event becomes an object, and text, when somebody reads it; both
 * are remembered as long as the budget allows.
 */

import type { FlowEvent, FlowEventName, FlowId } from "./events.ts";
import { type Flow, flowId } from "./flow.ts";
import { Queue } from "./queue.ts";
import type { LogEntry } from "./source.ts";

export interface LogBudget {
  /** Estimated: entries, what is remembered of their events, and flows that only the log still refers to. */
  ringBytes: number;
  /** At least 1. */
  ringEvents: number;
}

export class EventLog {
  /** As in FlowSource. */
  first = 1;
  next = 1;
  bytes = 0;
  readonly #budget: LogBudget;
  readonly #describe: (name: FlowEventName, flow: Flow) => FlowEvent;
  /** By `seq % ringEvents`. */
  readonly #flows: (Flow | undefined)[] = [];
  readonly #names: (FlowEventName | undefined)[] = [];
  readonly #entries: (Entry | undefined)[] = [];
  /** Entries that remember something, in the order in which they began to. */
  readonly #remembering = new Queue<Entry>();

  /** `describe` makes the event of this name of a flow. */
  constructor(budget: LogBudget, describe: (name: FlowEventName, flow: Flow) => FlowEvent) {
    this.#budget = budget;
    this.#describe = describe;
  }

  append(name: FlowEventName, flow: Flow): void {
    if (this.next - this.first >= this.#budget.ringEvents) this.#dropOldest();
    const slot = this.next % this.#budget.ringEvents;
    this.#flows[slot] = flow;
    this.#names[slot] = name;
    this.#entries[slot] = undefined;
    flow.logged++;
    this.next++;
    this.bytes += ENTRY_BYTES;
    this.#fit();
  }

  at(seq: number): LogEntry | undefined {
    if (!(seq >= this.first && seq < this.next)) return undefined;
    const slot = seq % this.#budget.ringEvents;
    const flow = this.#flows[slot];
    const name = this.#names[slot];
    if (flow === undefined || name === undefined) return undefined;
    return (this.#entries[slot] ??= new Entry(this, seq, name, flow));
  }

  /** The table dropped this flow; if entries refer to it, its bytes are the log's from now on. */
  adopt(flow: Flow): void {
    if (flow.logged === 0) return;
    // What a reference to a flow keeps alive; its connection's facts are counted for each of its flows.
    flow.logBytes = flow.bytes + flow.connection.bytes;
    this.bytes += flow.logBytes;
    this.#fit();
  }

  describe(name: FlowEventName, flow: Flow): FlowEvent {
    return this.#describe(name, flow);
  }

  /** `entry` remembers that many bytes more. */
  remember(entry: Entry, bytes: number): void {
    if (entry.seq < this.first) return;
    if (entry.remembered === 0) this.#remembering.push(entry);
    entry.remembered += bytes;
    this.bytes += bytes;
    this.#fit();
  }

  /** What can be made again goes first, then the oldest entries. */
  #fit(): void {
    while (this.bytes > this.#budget.ringBytes) {
      const entry = this.#remembering.shift();
      if (entry === undefined) break;
      this.#forget(entry);
    }
    while (this.bytes > this.#budget.ringBytes && this.first < this.next) this.#dropOldest();
  }

  #dropOldest(): void {
    const slot = this.first % this.#budget.ringEvents;
    const flow = this.#flows[slot] as Flow;
    const entry = this.#entries[slot];
    this.#flows[slot] = this.#names[slot] = this.#entries[slot] = undefined;
    this.first++;
    this.bytes -= ENTRY_BYTES;
    if (--flow.logged === 0) this.bytes -= flow.logBytes;
    if (entry !== undefined) this.#forget(entry);
    while (this.#remembering.peek()?.remembered === 0) this.#remembering.shift();
  }

  #forget(entry: Entry): void {
    this.bytes -= entry.remembered;
    entry.forget();
  }
}

class Entry implements LogEntry {
  readonly seq: number;
  readonly name: FlowEventName;
  readonly flow: FlowId;
  readonly t: number;
  /** Bytes that the log counts for what follows. */
  remembered = 0;
  readonly #log: EventLog;
  readonly #flow: Flow;
  #event: FlowEvent | null = null;
  #json: string | null = null;

  constructor(log: EventLog, seq: number, name: FlowEventName, flow: Flow) {
    this.#log = log;
    this.seq = seq;
    this.name = name;
    this.flow = flowId(flow.number);
    this.t = flow.timeOf(name);
    this.#flow = flow;
  }

  get event(): FlowEvent {
    if (this.#event !== null) return this.#event;
    const event = this.#log.describe(this.name, this.#flow);
    this.#event = event;
    this.#log.remember(this, EVENT_BYTES + EVENT_FACTOR * this.#flow.bytes);
    return event;
  }

  get json(): string {
    if (this.#json !== null) return this.#json;
    const json = JSON.stringify(this.event);
    this.#json = json;
    this.#log.remember(this, json.length);
    return json;
  }

  forget(): void {
    this.remembered = 0;
    this.#event = null;
    this.#json = null;
  }
}

/** An entry's slots and object. */
const ENTRY_BYTES = 128;
/** An event object takes some four times the bytes that its text is made of, and has some fixed parts. */
const EVENT_BYTES = 1024;
const EVENT_FACTOR = 4;
