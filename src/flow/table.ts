/** The flows that can be looked up, within a number and a budget of bytes. Those that ended first go first. */

import type { Flow } from "./flow.ts";
import { Queue } from "./queue.ts";

export interface TableBudget {
  /** Open ones included. They are never dropped: the relay's limit of connections bounds them. */
  flows: number;
  /** Heads of ended flows, and the facts of their connections. */
  headBytes: number;
}

export class FlowTable {
  /** Flows without an end, oldest first. */
  readonly open = new Map<number, Flow>();
  /** Bytes of heads and facts of ended flows. */
  bytes = 0;
  readonly #budget: TableBudget;
  readonly #onDrop: (flow: Flow) => void;
  readonly #flows = new Map<number, Flow>();
  readonly #ended = new Queue<Flow>();

  /** `onDrop` is told of each flow that can no longer be looked up. */
  constructor(budget: TableBudget, onDrop: (flow: Flow) => void) {
    this.#budget = budget;
    this.#onDrop = onDrop;
  }

  get size(): number {
    return this.#flows.size;
  }

  get(exchange: number): Flow | undefined {
    return this.#flows.get(exchange);
  }

  add(flow: Flow): void {
    this.open.set(flow.number, flow);
    this.#flows.set(flow.number, flow);
    flow.connection.openFlows++;
    if (this.#flows.size > this.#budget.flows) this.#dropOldest();
  }

  /** The flow has ended: from now on it may be dropped. */
  end(flow: Flow): void {
    this.open.delete(flow.number);
    this.#ended.push(flow);
    this.#charge(flow);
    while (this.bytes > this.#budget.headBytes || this.#flows.size > this.#budget.flows) {
      if (!this.#dropOldest()) break;
    }
  }

  #dropOldest(): boolean {
    const flow = this.#ended.shift();
    if (flow === undefined) return false;
    this.#flows.delete(flow.number);
    flow.inTable = false;
    this.#discharge(flow);
    this.#onDrop(flow);
    return true;
  }

  /** A connection's facts are counted once, for as long as the table has an ended flow of it. */
  #charge(flow: Flow): void {
    const { connection } = flow;
    connection.openFlows--;
    connection.tableFlows++;
    this.bytes += flow.bytes + connection.bytes - connection.tableBytes;
    connection.tableBytes = connection.bytes;
  }

  #discharge(flow: Flow): void {
    const { connection } = flow;
    connection.tableFlows--;
    this.bytes -= flow.bytes;
    if (connection.tableFlows > 0) return;
    this.bytes -= connection.tableBytes;
    connection.tableBytes = 0;
  }
}
