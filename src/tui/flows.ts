/**
 * The flows as the UI knows them: a row each for the newest 100,000, and the whole summary for the newest few thousand.
 *
 * The table belongs to the model and changes in place, as copying it at every event would cost more than everything else;
 * only `update` changes it. `version` tells whether it did.
 */

import type { FlowEvent, FlowId, FlowSummary, TlsFailed } from "../flow/events.ts";
import { reduce } from "../flow/reduce.ts";
import { type Row, rowOf } from "./row.ts";

/** A flow in full, and the alert that its TLS handshake ended with, if it did. */
export interface Known {
  readonly summary: FlowSummary;
  readonly tlsFailed: TlsFailed | null;
}

export class FlowTable {
  readonly #capacity: number;
  readonly #maxKnown: number;
  readonly #maxWeight: number;
  /** Slot `ordinal % capacity`. */
  readonly #rows: Row[] = [];
  readonly #ordinals = new Map<FlowId, number>();
  /** In the order of last change: the first is the one to forget. */
  readonly #known = new Map<FlowId, Known & { weight: number }>();
  #weight = 0;
  #next = 1;
  #failed = 0;
  version = 0;

  constructor(limits: { rows?: number; known?: number; knownChars?: number } = {}) {
    this.#capacity = limits.rows ?? 100_000;
    this.#maxKnown = limits.known ?? 5_000;
    this.#maxWeight = limits.knownChars ?? 32 * 1024 * 1024;
  }

  /** Ordinal of the oldest row; equals `next` if there is none. */
  get first(): number {
    return Math.max(1, this.#next - this.#capacity);
  }

  /** Ordinal that the next flow gets. */
  get next(): number {
    return this.#next;
  }

  /** Flows that failed so far, forgotten ones included. */
  get failed(): number {
    return this.#failed;
  }

  row(ordinal: number): Row | undefined {
    return ordinal < this.first || ordinal >= this.#next ? undefined : this.#rows[ordinal % this.#capacity];
  }

  /** Undefined if the flow is one of the older ones, of which only the row is kept. */
  known(id: FlowId): Known | undefined {
    return this.#known.get(id);
  }

  /** Ordinal of the row that is new or changed; null if none is. */
  apply(event: FlowEvent): number | null {
    const before = this.#known.get(event.flow);
    if (event.event === "tls.failed") {
      if (before) this.#keep({ summary: before.summary, tlsFailed: event });
      return null;
    }
    const summary = reduce(before?.summary, event);
    if (!summary || summary === before?.summary) return null;
    if (summary.state === "failed" && before?.summary.state !== "failed") this.#failed += 1;
    this.#keep({ summary, tlsFailed: before?.tlsFailed ?? null });
    return this.#show(summary);
  }

  #show(summary: FlowSummary): number {
    const ordinal = this.#ordinals.get(summary.flow) ?? this.#append(summary.flow);
    this.#rows[ordinal % this.#capacity] = rowOf(summary, ordinal);
    this.version += 1;
    return ordinal;
  }

  #append(id: FlowId): number {
    const ordinal = this.#next;
    const oldest = this.#rows[ordinal % this.#capacity];
    if (oldest) this.#ordinals.delete(oldest.id);
    this.#ordinals.set(id, ordinal);
    this.#next += 1;
    return ordinal;
  }

  #keep(known: Known): void {
    const id = known.summary.flow;
    this.#forget(id);
    const weight = weigh(known.summary);
    this.#known.set(id, { ...known, weight });
    this.#weight += weight;
    this.version += 1;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#maxKnown && this.#weight <= this.#maxWeight) break;
      if (oldest !== id) this.#forget(oldest);
    }
  }

  #forget(id: FlowId): void {
    this.#weight -= this.#known.get(id)?.weight ?? 0;
    this.#known.delete(id);
  }
}

/** Characters of what a peer chooses the length of. */
function weigh(summary: FlowSummary): number {
  let chars = summary.url.length + 512;
  for (const message of [summary.req, summary.res]) {
    for (const [name, value] of message?.headers ?? []) chars += name.length + value.length + 64;
    for (const [name, value] of message?.trailers ?? []) chars += name.length + value.length + 64;
  }
  return chars;
}
