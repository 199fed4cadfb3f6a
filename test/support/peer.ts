/** One end of a raw connection: sends bytes of the test's choosing, and keeps all that it received. */

import net from "node:net";
import type { Duplex } from "node:stream";

export class Peer {
  readonly socket: Duplex;
  /** All bytes received so far, Latin-1. */
  text = "";
  #over: "end" | "reset" | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Duplex) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("latin1");
      this.#wake();
    });
    socket.on("end", () => this.#finishAs("end"));
    socket.on("error", () => this.#finishAs("reset"));
    socket.on("close", () => this.#finishAs("reset"));
    // It may have been paused on purpose before it came here.
    socket.resume();
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, "latin1"));
  }

  /** Sends `text` and its FIN; it goes on reading. */
  finish(text = ""): void {
    this.socket.end(Buffer.from(text, "latin1"));
  }

  /** Tears the connection: a TCP reset. */
  reset(): void {
    if (this.socket instanceof net.Socket) this.socket.resetAndDestroy();
  }

  /** Resolves when `text` was received; rejects if the connection is over without it. */
  async until(text: string): Promise<void> {
    await this.#wait(() => this.text.includes(text), JSON.stringify(text));
  }

  /** Resolves when that many bytes were received; rejects if the connection is over with fewer. */
  async untilLength(length: number): Promise<void> {
    await this.#wait(() => this.text.length >= length, `${length} bytes`);
  }

  /** How the other side's half ended: in order, or by a reset or a close without an end. */
  async ended(): Promise<"end" | "reset"> {
    for (;;) {
      if (this.#over !== null) return this.#over;
      await this.#news();
    }
  }

  async #wait(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.#over !== null)
        throw new Error(`the connection was over (${this.#over}) before ${what}: ${JSON.stringify(this.text)}`);
      await this.#news();
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.add(resolve));
  }

  #finishAs(how: "end" | "reset"): void {
    this.#over ??= how;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
