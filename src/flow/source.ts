/** What the feed reads: the log of events, and the flows and bodies behind them. */

import type { FlowEvent, FlowEventName, FlowId, FlowSummary } from "./events.ts";

export interface FlowSource {
  /** Identifies the run that the sequence numbers belong to. */
  readonly epoch: string;
  /** Sequence number of the oldest entry that is still there. */
  readonly first: number;
  /** Sequence number that the next entry will get; `first === next` means that the log is empty. */
  readonly next: number;
  /** Undefined if the entry was evicted or is not there yet. */
  at(seq: number): LogEntry | undefined;
  /** Calls `listener` after entries were appended, at most once per batch of records. Returns what undoes it. */
  onAppend(listener: () => void): () => void;
  /** Undefined if the flow is unknown or was evicted. */
  flow(id: FlowId): FlowSummary | undefined;
  /** Undefined if the flow is unknown or has no such body. */
  body(id: FlowId, part: BodyPart): StoredBody | undefined;
  stats(): FlowStats;
}

export interface FlowStats {
  /** Flows that can be looked up, and of them those without an end. */
  flows: number;
  open: number;
  /** Since the start. */
  failed: number;
  /** Bytes that hold bodies now; and wire bytes of bodies that were never kept, since the start. */
  bodyBytes: number;
  bodyBytesDropped: number;
}

export type BodyPart = "req" | "res";

/** One event in the log. Its facts are parsed and serialised on first use, once. */
export interface LogEntry {
  readonly seq: number;
  readonly name: FlowEventName;
  readonly t: number;
  readonly flow: FlowId;
  readonly event: FlowEvent;
  /** `JSON.stringify(event)`, bodies without content. */
  readonly json: string;
}

export interface StoredBody {
  readonly mime: string | null;
  /** Content codings, first applied first. */
  readonly coding: string[];
  /** Content bytes of the body that passed so far. */
  readonly size: number;
  /** The content that was kept, chunk framing undone, codings not. */
  readonly content: Uint8Array;
  /** True if `content` is all of it: the message has ended and nothing was left out. */
  readonly complete: boolean;
  /** Epoch ms and size make an entity tag. */
  readonly started: number;
}
