/** One end of a connection in a conversation: what it sends, and what it must receive, in order. */

import type net from "node:net";
import type { Duplex } from "node:stream";
import { expect } from "vitest";
import { settle, until } from "./until.ts";

export class ScriptedPeer {
  readonly stream: Duplex;
  readonly #name: string;
  #unread = Buffer.alloc(0);
  #ended = false;
  #closed = false;

  /** It reads from the start. */
  constructor(name: string, stream: Duplex) {
    this.#name = name;
    this.stream = stream;
    stream.on("data", (chunk: Buffer) => (this.#unread = Buffer.concat([this.#unread, chunk])));
    stream.on("end", () => (this.#ended = true)).on("close", () => (this.#closed = true));
    // Resets are expected in these tests; what they look like is asserted by `seesReset`.
    stream.on("error", () => {});
  }

  /** Several pieces arrive as several pieces. */
  sends(...pieces: (string | Uint8Array)[]): this {
    for (const piece of pieces) this.stream.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
    return this;
  }

  sendsByteByByte(text: string | Uint8Array): this {
    for (const octet of Buffer.from(text as string, "latin1")) this.stream.write(Buffer.from([octet]));
    return this;
  }

  /** Its last byte was sent (FIN); it goes on reading. */
  ends(): this {
    this.stream.end();
    return this;
  }

  /** Its connection is reset (a socket's), or gone without an end. */
  resets(): this {
    if ("resetAndDestroy" in this.stream) (this.stream as net.Socket).resetAndDestroy();
    else this.stream.destroy();
    return this;
  }

  /** Exactly these bytes come next. */
  async receives(expected: string | Uint8Array): Promise<void> {
    const bytes = typeof expected === "string" ? Buffer.from(expected, "latin1") : Buffer.from(expected);
    await this.#arrival(() => this.#unread.length >= bytes.length, preview(bytes));
    const got = this.#take(bytes.length);
    // Comparing text gives a readable difference, comparing large bodies that way takes seconds.
    if (bytes.length > 4096) expect(got.equals(bytes), `${this.#name} receives ${bytes.length} bytes`).toBe(true);
    else expect(got.toString("latin1")).toBe(bytes.toString("latin1"));
  }

  /** Reads until `pattern` matches what came; returns all of it. */
  async receivesMatch(pattern: RegExp): Promise<string> {
    await this.#arrival(() => pattern.test(this.#unread.toString("latin1")), String(pattern));
    return this.#take(this.#unread.length).toString("latin1");
  }

  /** Everything up to the end of the stream. */
  async receivesRest(): Promise<string> {
    await this.#arrival(() => this.#isOver(), "the end");
    return this.#take(this.#unread.length).toString("latin1");
  }

  /** Nothing is there, and nothing is on its way. */
  async receivesNothing(): Promise<void> {
    await settle();
    expect(this.#unread.toString("latin1"), `what ${this.#name} received`).toBe("");
  }

  /** The stream is over, and there was nothing more in it. */
  async seesEnd(): Promise<void> {
    expect(await this.receivesRest(), `what ${this.#name} received before the end`).toBe("");
  }

  stopsReading(): this {
    this.stream.pause();
    return this;
  }

  goesOnReading(): this {
    this.stream.resume();
    return this;
  }

  get unreadBytes(): number {
    return this.#unread.length;
  }

  #isOver(): boolean {
    return this.#ended || this.#closed;
  }

  #arrival(condition: () => boolean, what: string): Promise<void> {
    const isDecided = (): boolean => condition() || this.#isOver();
    return until(isDecided, () => `${this.#name} to receive ${what}; it has ${preview(this.#unread)}`);
  }

  #take(length: number): Buffer {
    const taken = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    return taken;
  }
}

function preview(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 400)}... (${text.length} bytes)` : text);
}
