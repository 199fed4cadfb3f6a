/**
 * The only file that knows blessed. It has blessed enter and leave the terminal and send what differs between two frames;
 * everything else of it (widgets, keys, tags, titles) stays unused. The traps that the comments name were measured.
 */

import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import blessed from "blessed";
import type { Blessed, BlessedScreen, CellLine } from "./blessed-internals.ts";
import type { Surface } from "./surface.ts";

export class Screen {
  readonly #write: (text: string) => void;
  readonly #sink: Sink;
  #screen: BlessedScreen | null = null;

  /** `write` gets text for the terminal: only sequences made here and by blessed, and glyphs of surfaces. */
  constructor(write: (text: string) => void, cols: number, rows: number) {
    this.#write = write;
    this.#sink = new Sink(cols, rows);
  }

  /** Takes the terminal: alternate screen, no cursor, mouse, bracketed paste, focus. */
  enter(): void {
    if (this.#screen) this.#screen.enter();
    else this.#screen = createScreen(this.#sink);
    this.#write(this.#drain() + MODES_ON);
  }

  /** Gives the terminal back as it was. */
  leave(): void {
    this.#screen?.leave();
    this.#write(MODES_OFF + this.#drain());
  }

  destroy(): void {
    this.#screen?.destroy();
    this.#screen = null;
  }

  resize(cols: number, rows: number): void {
    this.#sink.columns = cols;
    this.#sink.rows = rows;
    this.#sink.emit("resize");
  }

  /** The next frame is sent whole: something else wrote to the terminal. */
  invalidate(): void {
    this.#screen?.alloc();
  }

  /** Sends what differs from the frame before, as one update that terminals show at once. */
  paint(surface: Surface): void {
    if (!this.#screen) return;
    copyCells(surface, this.#screen);
    this.#screen.render();
    const output = this.#drain();
    if (output !== "") this.#write(BEGIN_UPDATE + output + END_UPDATE);
  }

  /** What blessed wrote since the last time. It buffers until the next turn of the loop, too late for us. */
  #drain(): string {
    this.#screen?.program.flush();
    return this.#sink.take();
  }
}

/** Where blessed writes to, in place of the terminal. */
class Sink extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  columns: number;
  rows: number;
  #pending = "";

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): boolean {
    this.#pending += text;
    return true;
  }

  take(): string {
    const pending = this.#pending;
    this.#pending = "";
    return pending;
  }
}

function createScreen(output: Sink): BlessedScreen {
  // blessed can't parse most terminals' own entries (32-bit terminfo) and then falls back to 8 colours in silence.
  if (library.Tput.ipaths[0] !== TERMINFO) library.Tput.ipaths.unshift(TERMINFO);
  // Its keyboard drops keys, so it gets an input that says nothing.
  const input = Object.assign(new PassThrough(), { isTTY: true, isRaw: true, setRawMode: () => input });
  const screen = library.screen({
    input,
    output,
    terminal: "xterm-256color",
    forceUnicode: true,
    fullUnicode: true,
    useBCE: true,
    autoPadding: false,
    warnings: false,
  });
  // Else box glyphs and "·" go through the alternate character set, and some terminals show "~".
  screen.tput.brokenACS = true;
  if (!Array.isArray(screen.lines) || !Array.isArray(screen.olines) || typeof screen.program.flush !== "function") {
    throw new Error("this is not blessed 0.1.81: its screen has no cells");
  }
  return screen;
}

function copyCells(surface: Surface, screen: BlessedScreen): void {
  for (let y = 0; y < surface.rows; y += 1) {
    const line = screen.lines[y];
    const shown = screen.olines[y];
    if (!line || !shown) return;
    for (let x = 0; x < Math.min(surface.cols, line.length); x += 1) copyCell(surface, line, shown, y, x);
  }
}

function copyCell(surface: Surface, line: CellLine, shown: CellLine[number][], y: number, x: number): void {
  const at = y * surface.cols + x;
  const glyph = surface.glyphs[at] ?? " ";
  const attr = surface.attrs[at] ?? 0;
  const wide = x + 1 < surface.cols && surface.glyphs[at + 1] === "";
  const sure = glyph === "" || SURE.test(glyph);
  const text = sure ? glyph : resynced(glyph, x, wide, surface.cols);
  const [cell, here, next] = [line[x], shown[x], shown[x + 1]];
  if (!cell) return;
  if (cell[0] !== attr || cell[1] !== text) line.dirty = true;
  cell[0] = attr;
  cell[1] = text;
  // blessed takes a cell for a column. So where a row is sent, every wide glyph of it, and every glyph that a terminal may
  // take for wide, is sent anew together with the cell to its right.
  if ((wide || !sure) && here && next) here[1] = next[1] = "\0";
}

/**
 * Terminals disagree about the width of emoji and marks. Where it isn't sure, the glyph is followed by a move to the
 * column that the next one belongs to (CHA, ECMA-48 8.3.9), so that no sender can shift a row. In the last column a glyph
 * that the terminal takes for wide would go to the next row, so none is put there.
 */
function resynced(glyph: string, x: number, wide: boolean, cols: number): string {
  const next = x + (wide ? 2 : 1);
  return next < cols || wide ? `${glyph}\x1b[${Math.min(next, cols - 1) + 1}G` : "·";
}

const library = blessed as unknown as Blessed;
/** Resolves from src/tui and from dist/tui alike. */
const TERMINFO = fileURLToPath(new URL("../../assets/terminfo", import.meta.url));
/** Glyphs about whose width everybody agrees: Latin, Greek, Cyrillic, our own, kana, CJK, Hangul syllables. */
const SURE =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02af\u0391-\u03ce\u0400-\u0482\u048a-\u052f\u2010-\u2026\u2190-\u2193\u2400-\u2421\u2500-\u259f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]$/u;
const BEGIN_UPDATE = "\x1b[?2026h";
const END_UPDATE = "\x1b[?2026l";
/** Buttons and wheel with SGR coordinates, bracketed paste, focus. Motion is not asked for. */
const MODES_ON = "\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[?1004h";
const MODES_OFF = "\x1b[?1004l\x1b[?2004l\x1b[?1006l\x1b[?1000l";
