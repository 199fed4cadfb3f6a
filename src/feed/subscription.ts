/**
 * A subscription is a cursor into the log that all subscribers share: there is no queue per client. Whoever reads too
 * slowly falls behind in the log; if the log has dropped what comes next, one `gap` says how much is missing.
 */

import type { FlowSource, LogEntry } from "../flow/source.ts";
import type { Since, Wanted } from "./params.ts";
import { RpcCode, RpcError } from "./protocol.ts";

/** Where a subscription's notifications go. */
export interface Outlet {
  /** True if the peer must read first; whoever owns the outlet then calls `wake` once it has. */
  congested(): boolean;
  /** Everything that is sent between the two goes out in few writes. */
  cork(): void;
  uncork(): void;
  event(entry: LogEntry): void;
  notice(notice: Notice): void;
  /** The peer fell off the log and had asked to be closed then. */
  overflow(): void;
  /** Something of ours broke: ends this peer, and no other. */
  fail(): void;
}

export type Notice =
  /** Log entries `from` to `to` are missing; `count` counts entries of the log, wanted or not. */
  | { event: "gap"; from: number; to: number; count: number; reason: "slow_consumer" | "evicted" }
  /** Everything up to `seq` has been sent; sent once if the past was asked for. */
  | { event: "caught_up"; seq: number };

export class Subscription {
  /** Sequence number of the first entry that will be looked at. */
  readonly from: number;
  /** True if the past was asked for: `caught_up` will follow. */
  readonly replaying: boolean;
  readonly #source: FlowSource;
  readonly #wanted: Wanted;
  readonly #outlet: Outlet;
  #cursor: number;
  #catchingUp: boolean;
  #scheduled = false;
  #started = false;
  #stopped = false;

  /** Throws RpcError if `since` is of another run or in the future. Nothing is sent before `wake`. */
  constructor(source: FlowSource, wanted: Wanted, outlet: Outlet) {
    this.#source = source;
    this.#wanted = wanted;
    this.#outlet = outlet;
    this.from = startPosition(source, wanted.since);
    this.#cursor = this.from;
    this.replaying = wanted.since !== "now";
    this.#catchingUp = this.replaying;
  }

  /** There may be something to send, or room to send it. Cheap; at most one pump is outstanding. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#stopped) this.#pumpSafely();
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Sends what is there at once, as far as the peer has room for it, and stops. */
  finish(): void {
    while (!this.#stopped && this.#cursor < this.#source.next && !this.#outlet.congested()) this.#pumpSafely();
    this.#stopped = true;
  }

  #pumpSafely(): void {
    this.#outlet.cork();
    try {
      this.#pump();
    } catch {
      this.#stopped = true;
      this.#outlet.fail();
    } finally {
      this.#outlet.uncork();
    }
  }

  #pump(): void {
    if (this.#fellOff() && this.#wanted.overflow === "close" && this.#started) return this.#outlet.overflow();
    if (this.#outlet.congested()) return;
    if (this.#fellOff()) this.#skip();
    this.#started = true;
    this.#send();
    if (this.#cursor < this.#source.next) this.wake();
    else if (this.#catchingUp) this.#caughtUp();
  }

  #fellOff(): boolean {
    return this.#cursor < this.#source.first;
  }

  /**
   * A client that fell off goes on in the middle of what is left: from its start it would fall off at once again, and get
   * a gap each time. What was gone before the first entry was sent ("evicted") is nobody's slowness.
   */
  #skip(): void {
    const { first, next } = this.#source;
    const resume = this.#started ? next - Math.ceil((next - first) / 2) : first;
    const from = this.#cursor;
    const reason = this.#started ? "slow_consumer" : "evicted";
    this.#outlet.notice({ event: "gap", from, to: resume - 1, count: resume - from, reason });
    this.#cursor = resume;
  }

  /** Sends until there is nothing left, the peer must read, or the slice of time is over; skipped entries count too. */
  #send(): void {
    const started = performance.now();
    let looked = 0;
    // The log pays for the texts that it remembers, so reading one may evict others: the gap is told by the next pump.
    while (this.#cursor < this.#source.next && !this.#fellOff() && !this.#outlet.congested()) {
      if ((looked & CLOCK_MASK) === 0 && performance.now() - started > SLICE_MS) return;
      looked += 1;
      const entry = this.#source.at(this.#cursor);
      this.#cursor += 1;
      if (entry && this.#wanted.events.has(entry.name)) this.#outlet.event(entry);
    }
  }

  #caughtUp(): void {
    this.#catchingUp = false;
    this.#outlet.notice({ event: "caught_up", seq: this.#cursor - 1 });
  }
}

/** Throws RpcError if `since` is of another run or in the future. */
export function startPosition(source: FlowSource, since: Since): number {
  if (since === "start") return source.first;
  if (since === "now") return source.next;
  if (since.epoch !== source.epoch) {
    const message = 'the position is of another run of plainwire: subscribe with since: "start"';
    throw new RpcError(RpcCode.unknownEpoch, message, { kind: "unknown_epoch", epoch: source.epoch });
  }
  if (since.seq >= source.next) {
    throw new RpcError(RpcCode.params, `since.seq is in the future: the last is ${source.next - 1}`, {
      path: "since.seq",
    });
  }
  return since.seq + 1;
}

/** Other clients, and the records of the relay, wait for this long at most. */
const SLICE_MS = 2;
/** The clock is read for every 16th entry. */
const CLOCK_MASK = 15;
