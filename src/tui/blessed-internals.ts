/** The parts of blessed 0.1.81 that its types leave out and that the screen uses. Checked at start, as they are private. */

import type { EventEmitter } from "node:events";

/** An attribute (flags, foreground and background in 9 bits each) and a glyph. */
export type Cell = [attr: number, glyph: string];
export type CellLine = Cell[] & { dirty: boolean };

export interface BlessedScreen {
  /** What is to be on the terminal, and what is. */
  lines: CellLine[];
  olines: Cell[][];
  tput: { brokenACS: boolean };
  program: { flush(): void };
  enter(): void;
  leave(): void;
  alloc(): void;
  render(): void;
  destroy(): void;
}

export interface ScreenOptions {
  input: NodeJS.ReadableStream;
  output: EventEmitter;
  terminal: string;
  forceUnicode: boolean;
  fullUnicode: boolean;
  useBCE: boolean;
  autoPadding: boolean;
  warnings: boolean;
}

export interface Blessed {
  screen(options: ScreenOptions): BlessedScreen;
  Tput: { ipaths: (string | string[])[] };
  unicode: { charWidth(text: string): number };
}
