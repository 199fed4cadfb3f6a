/**
 * The relay's end of the capture: appends records to a batch and hands batches to the hub.
 *
 * It copies bytes and does nothing else with them. A batch goes out when it is full or a few milliseconds after its
 * first record. When the hub falls behind, bodies are left out first (and counted); heads and facts never are: past
 * twice the budget the relay waits for the hub instead.
 */

import type { MessagePort } from "node:worker_threads";
import { type Batch, createBatch, type Kind, recordBytes, writeRecord } from "./record.ts";

export interface RecorderOptions {
  /** Batches go here as `{ buffer, length }`, by transfer. */
  port: Pick<MessagePort, "postMessage">;
  /** Bytes of batches that the hub has dealt with: 32 bits, wrapping. The hub notifies after each change. */
  acknowledged: SharedArrayBuffer;
  /** Bytes in flight above which bodies are no longer kept. */
  inFlightBytes: number;
}

/** What the hub receives. `buffer` holds `length` bytes of records. */
export interface BatchMessage {
  buffer: ArrayBuffer;
  length: number;
}

export class Recorder {
  #port: Pick<MessagePort, "postMessage">;
  #acknowledged: Int32Array;
  #inFlightBytes: number;
  #sent = 0;
  #batch: Batch | null = null;
  #at = 0;
  #flushing: NodeJS.Timeout | null = null;
  #sealed = false;

  constructor(options: RecorderOptions) {
    this.#port = options.port;
    this.#acknowledged = new Int32Array(options.acknowledged);
    this.#inFlightBytes = options.inFlightBytes;
  }

  /** Epoch milliseconds, monotonic. */
  now(): number {
    return TIME_ORIGIN + performance.now();
  }

  /** True while the hub keeps up, so that bodies may be recorded. */
  keepsUp(): boolean {
    return this.#inFlight() < this.#inFlightBytes;
  }

  /** Appends a record whose payload is `source[start..end)`; the bytes are copied. */
  bytes(kind: Kind, connection: number, exchange: number, source: Uint8Array, start = 0, end = source.length): void {
    if (this.#sealed) return;
    const batch = this.#reserve(recordBytes(end - start));
    this.#at = writeRecord(batch, this.#at, kind, connection, exchange, this.now(), source, start, end);
  }

  /** Appends a record whose payload is JSON: one of the types in `facts.ts`. */
  fact(kind: Kind, connection: number, exchange: number, value: object): void {
    this.bytes(kind, connection, exchange, Buffer.from(JSON.stringify(value)));
  }

  /** Appends a record without payload. */
  mark(kind: Kind, connection: number, exchange: number): void {
    this.bytes(kind, connection, exchange, NOTHING);
  }

  /** Appends a count: requestUnkept or responseUnkept. */
  count(
    kind: typeof Kind.requestUnkept | typeof Kind.responseUnkept,
    connection: number,
    exchange: number,
    count: number,
  ): void {
    COUNT[0] = count;
    this.bytes(kind, connection, exchange, COUNT_BYTES);
  }

  /** Hands what was appended to the hub now. */
  flush(): void {
    const batch = this.#batch;
    if (batch === null) return;
    this.#batch = null;
    this.#sent = (this.#sent + this.#at) >>> 0;
    const message: BatchMessage = { buffer: batch.buffer, length: this.#at };
    this.#at = 0;
    this.#port.postMessage(message, [batch.buffer]);
    this.#waitForHub();
  }

  /** Hands over what was appended; what comes later is not recorded. */
  seal(): void {
    this.flush();
    this.#sealed = true;
  }

  #reserve(bytes: number): Batch {
    if (this.#batch !== null && this.#at + bytes > this.#batch.bytes.length) this.flush();
    if (this.#batch === null) {
      this.#batch = createBatch(Math.max(BATCH_BYTES, bytes));
      this.#flushLater();
    }
    return this.#batch;
  }

  #flushLater(): void {
    if (this.#flushing === null) this.#flushing = setTimeout(() => this.flush(), FLUSH_MS).unref();
    else this.#flushing.refresh();
  }

  #inFlight(acknowledged = Atomics.load(this.#acknowledged, 0)): number {
    return (this.#sent - acknowledged) >>> 0;
  }

  /**
   * Back-pressure of the last resort: heads are never dropped, so a hub that does not read (a long pause of its
   * collector on a loaded machine) makes the relay wait, at most a second a batch.
   */
  #waitForHub(): void {
    const patience = performance.now() + WAIT_MS;
    for (let left = WAIT_MS; left > 0; left = patience - performance.now()) {
      const acknowledged = Atomics.load(this.#acknowledged, 0);
      if (this.#inFlight(acknowledged) <= 2 * this.#inFlightBytes) return;
      Atomics.wait(this.#acknowledged, 0, acknowledged, left);
    }
  }
}

const BATCH_BYTES = 128 * 1024;
/** Short enough for a person, long enough to gather hundreds of records under load. */
const FLUSH_MS = 8;
const WAIT_MS = 1000;
const TIME_ORIGIN = performance.timeOrigin;
const NOTHING = new Uint8Array(0);
const COUNT = new Float64Array(1);
const COUNT_BYTES = new Uint8Array(COUNT.buffer);
