/** The user's terminal: taking it, drawing on it, and giving it back, whatever happens. */

import type { Readable, Writable } from "node:stream";
import { Screen } from "./screen.ts";
import type { Surface } from "./surface.ts";

export type TerminalInput = Readable & { setRawMode?: (raw: boolean) => unknown };
export type TerminalOutput = Writable & { columns?: number; rows?: number };

export interface Size {
  cols: number;
  rows: number;
}

export class Terminal {
  readonly #input: TerminalInput;
  readonly #output: TerminalOutput;
  readonly #screen: Screen;
  #size: Size;
  #taken = false;

  constructor(input: TerminalInput, output: TerminalOutput) {
    this.#input = input;
    this.#output = output;
    this.#size = sizeOf(output);
    this.#screen = new Screen((text) => output.write(text), this.#size.cols, this.#size.rows);
  }

  get size(): Size {
    return this.#size;
  }

  take(): void {
    if (this.#taken) return;
    this.#taken = true;
    // A terminal that does not read must not stop this process: writes to a TTY block unless told not to.
    setBlocking(this.#output, false);
    this.#input.setRawMode?.(true);
    this.#input.resume();
    this.#screen.enter();
  }

  /** Gives the terminal back; what is written before it does is written, if the terminal takes it. */
  release(): void {
    if (!this.#taken) return;
    this.#taken = false;
    setBlocking(this.#output, true);
    this.#screen.leave();
    this.#input.setRawMode?.(false);
    this.#input.pause();
  }

  destroy(): void {
    this.release();
    this.#screen.destroy();
  }

  /** Reads the terminal's size anew. */
  measure(): Size {
    this.#size = sizeOf(this.#output);
    this.#screen.resize(this.#size.cols, this.#size.rows);
    return this.#size;
  }

  invalidate(): void {
    this.#screen.invalidate();
  }

  /** Sends a control sequence that draws nothing, between two frames. */
  send(sequence: string): void {
    if (this.#taken) this.#output.write(sequence);
  }

  /** False if the terminal has not taken the frame before: then this one is left out, and "drain" tells when to try again. */
  paint(surface: Surface): boolean {
    if (!this.#taken) return true;
    if (this.#output.writableNeedDrain) return false;
    this.#screen.paint(surface);
    return true;
  }
}

/** What a terminal says of itself is bounded: cells cost memory. */
function sizeOf({ columns, rows }: TerminalOutput): Size {
  return { cols: Math.max(1, Math.min(MAX_COLS, columns || 80)), rows: Math.max(1, Math.min(MAX_ROWS, rows || 24)) };
}

/** There is no public way to this in Node. */
function setBlocking(output: TerminalOutput, blocking: boolean): void {
  const { _handle: handle } = output as { _handle?: { setBlocking?: (blocking: boolean) => unknown } | null };
  handle?.setBlocking?.(blocking);
}

const MAX_COLS = 1000;
const MAX_ROWS = 500;
