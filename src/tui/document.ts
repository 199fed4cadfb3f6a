/** Lines of styled text, longer than the screen: what the detail scrolls through. All of it is printable. */

import { head, textWidth } from "./text.ts";
import type { Role } from "./theme.ts";

export interface Span {
  readonly text: string;
  readonly role: Role;
}

export type Line = readonly Span[];

export interface Document {
  readonly length: number;
  /** An empty line where there is none. */
  line(index: number): Line;
}

export function span(text: string, role: Role = "text"): Span {
  return { text, role };
}

export function ofLines(lines: readonly Line[]): Document {
  return { length: lines.length, line: (index) => lines[index] ?? [] };
}

/** One document after the other. */
export function joined(first: Document, second: Document): Document {
  return {
    length: first.length + second.length,
    line: (index) => (index < first.length ? first.line(index) : second.line(index - first.length)),
  };
}

/** Breaks a line to `width` columns, at least 4; what follows the first piece is indented by `hang`. Never drops a character. */
export function wrap(line: Line, width: number, hang = 0): Line[] {
  const columns = Math.max(4, width);
  const indent = " ".repeat(Math.min(hang, columns >> 1));
  const pieces: Span[][] = [[]];
  let room = columns;
  for (const { text, role } of line) {
    for (let rest = text; rest !== "";) {
      const piece = pieces.at(-1) ?? [];
      const fitting = head(rest, room);
      if (fitting !== "") piece.push({ text: fitting, role });
      rest = rest.slice(fitting.length);
      room -= textWidth(fitting);
      if (rest === "") break;
      pieces.push(indent === "" ? [] : [span(indent)]);
      room = columns - indent.length;
    }
  }
  return pieces;
}

export function wrapAll(lines: readonly Line[], width: number, hang = 0): Line[] {
  return lines.flatMap((line) => wrap(line, width, hang));
}
