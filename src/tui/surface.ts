/** A frame in memory: what every view draws on and what the screen then paints. Knows no terminal. */

import { scalarWidth } from "./text.ts";
import { type Attr, type Look, type Role, PLAIN_ATTR, attr, inverted, underlined } from "./theme.ts";

export class Surface {
  readonly cols: number;
  readonly rows: number;
  readonly look: Look;
  /** One entry a cell, row by row. A wide glyph has "" in the cell to its right. */
  readonly glyphs: string[];
  readonly attrs: Attr[];

  constructor(cols: number, rows: number, look: Look) {
    this.cols = cols;
    this.rows = rows;
    this.look = look;
    this.glyphs = Array.from({ length: cols * rows }, () => " ");
    this.attrs = Array.from({ length: cols * rows }, () => PLAIN_ATTR);
  }

  /** Draws printable text from column `x`, at most `max` columns of it, and returns the column after it. */
  put(y: number, x: number, max: number, text: string, role: Role = "text", selected = false): number {
    if (y < 0 || y >= this.rows || x < 0) return x;
    const end = Math.min(x + max, this.cols);
    const style = attr(this.look, role, selected);
    let column = x;
    for (const scalar of text) {
      const glyph = this.look.ascii ? inAscii(scalar) : scalar;
      const width = scalarWidth(glyph);
      if (width === 0) {
        if (column > x && !this.look.ascii) this.#join(y, column, glyph);
        continue;
      }
      if (column + width > end) break;
      this.#set(y, column, glyph, style);
      if (width === 2) this.#set(y, column + 1, "", style);
      column += width;
    }
    return column;
  }

  /** Blanks a row from `x` up to `end`. */
  fill(y: number, x: number, end: number, role: Role = "text", selected = false, glyph = " "): void {
    const shown = this.look.ascii ? inAscii(glyph) : glyph;
    const style = attr(this.look, role, selected);
    if (y < 0 || y >= this.rows) return;
    for (let column = Math.max(0, x); column < Math.min(end, this.cols); column += 1)
      this.#set(y, column, shown, style);
  }

  /** Underlines what is there from column `x` up to `end`. */
  underline(y: number, x: number, end: number): void {
    for (let column = x; column < Math.min(end, this.cols); column += 1) {
      const cell = y * this.cols + column;
      this.attrs[cell] = underlined(this.attrs[cell] ?? PLAIN_ATTR);
    }
  }

  /** Inverts what is there, as a cursor does. */
  invert(y: number, x: number, end: number): void {
    for (let column = x; column < Math.min(end, this.cols); column += 1) {
      const cell = y * this.cols + column;
      this.attrs[cell] = inverted(this.attrs[cell] ?? PLAIN_ATTR);
    }
  }

  /** A row as text, for tests. */
  row(y: number): string {
    return this.glyphs
      .slice(y * this.cols, (y + 1) * this.cols)
      .join("")
      .trimEnd();
  }

  text(): string {
    return Array.from({ length: this.rows }, (_, y) => this.row(y)).join("\n");
  }

  /** A mark belongs to the glyph before it. */
  #join(y: number, column: number, mark: string): void {
    const previous = y * this.cols + column - 1;
    const base = this.glyphs[previous] === "" ? previous - 1 : previous;
    this.glyphs[base] += mark;
  }

  #set(y: number, x: number, glyph: string, style: Attr): void {
    const cell = y * this.cols + x;
    // Half of a wide glyph that is drawn over leaves a blank, not a torn glyph.
    if (this.glyphs[cell] === "" && glyph !== "") this.glyphs[cell - 1] = " ";
    if (x + 1 < this.cols && this.glyphs[cell + 1] === "") this.glyphs[cell + 1] = " ";
    this.glyphs[cell] = glyph;
    this.attrs[cell] = style;
  }
}

function inAscii(scalar: string): string {
  if (scalar <= "~") return scalar;
  return ASCII_GLYPHS[scalar] ?? (scalarWidth(scalar) === 0 ? scalar : "?");
}

const ASCII_GLYPHS: { readonly [glyph: string]: string } = {
  "─": "-",
  "│": "|",
  "…": "~",
  "·": ".",
  "●": "*",
  "▼": "v",
  "▸": ">",
  "→": ">",
  "✖": "x",
  "✔": "+",
  "⇅": "=",
  "↑": "^",
  "↓": "v",
  "–": "-",
  "⟨": "<",
  "⟩": ">",
};
