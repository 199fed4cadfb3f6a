/** A process of its own for a command: streams that tests read, signals that tests send. */

import { EventEmitter, once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import type { Io, Signal } from "../../src/cli/io.ts";

export class FakeIo implements Io {
  argv: string[] = [];
  env: NodeJS.ProcessEnv = {};
  cwd = "/";
  stdin = new PassThrough();
  stdout = new Sink();
  stderr = new Sink();
  signals = new EventEmitter();
  execPath = process.execPath;
  entry = "";
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
  }

  signal(name: Signal): void {
    this.signals.emit(name);
  }
}

/** What was written, at the pace that the test sets. */
export class Sink extends Writable {
  text = "";
  #held: (() => void) | null = null;
  #stalled = false;

  constructor() {
    super({ highWaterMark: 1024 });
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** From now on nothing is read, until `release`. */
  stall(): void {
    this.#stalled = true;
  }

  release(): void {
    this.#stalled = false;
    this.#held?.();
    this.#held = null;
  }

  /** Resolves when the text matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await once(this, "text");
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.emit("text");
    if (this.#stalled) this.#held = done;
    else done();
  }
}
