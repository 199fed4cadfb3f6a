/** `--json`: finished flows as NDJSON, at the reader's pace. */

import type { Writable } from "node:stream";
import type { FlowSource } from "../flow/source.ts";
import { isFinished } from "./flow-counter.ts";
import type { Log } from "./log.ts";

/**
 * A cursor into the log of events. A reader that is slow costs one line of memory: the cursor waits, and if the log
 * moves on past it, the gap is told in the log.
 */
export class FlowLines {
  readonly #source: FlowSource;
  readonly #out: Writable;
  readonly #log: Log;
  #next: number;
  #state: "idle" | "scheduled" | "waiting" | "closed" = "idle";
  #caughtUp: (() => void) | null = null;

  constructor(source: FlowSource, out: Writable, log: Log) {
    this.#source = source;
    this.#out = out;
    this.#log = log;
    this.#next = source.first;
    out.on("error", (error) => this.#close(error));
    source.onAppend(() => this.#wake());
    this.#wake();
  }

  /** Resolves when all that the log holds was handed to the operating system, or the reader is gone. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#caughtUp = resolve;
      this.#wake();
    });
    if (this.#state !== "closed") await new Promise<void>((resolve) => void this.#out.write("", () => resolve()));
  }

  #wake(): void {
    if (this.#state === "closed") this.#caughtUp?.();
    if (this.#state !== "idle") return;
    this.#state = "scheduled";
    // A turn of its own for each slice: the hub has others to serve.
    setImmediate(() => this.#resume());
  }

  #resume(): void {
    if (this.#state === "closed") return;
    this.#state = "idle";
    const end = this.#next + SLICE;
    while (this.#next < this.#source.next && this.#next < end) {
      if (!this.#writeNext()) {
        this.#state = "waiting";
        this.#out.once("drain", () => this.#resume());
        return;
      }
    }
    if (this.#next < this.#source.next) this.#wake();
    else this.#caughtUp?.();
  }

  /** False if the reader must catch up first. */
  #writeNext(): boolean {
    const missed = this.#source.first - this.#next;
    if (missed > 0) {
      this.#log("warn", `standard output was read too slowly: ${missed} events were dropped before they were written`);
      this.#next = this.#source.first;
    }
    const entry = this.#source.at(this.#next++);
    return !isFinished(entry) || this.#out.write(`${entry.json}\n`);
  }

  #close(error: Error): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#log("warn", `standard output can't be written any more (${error.message}); the proxy goes on`);
    this.#caughtUp?.();
  }
}

const SLICE = 256;
