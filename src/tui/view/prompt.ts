/** The line that is being typed, in the footer's place, and above it what is wrong with it. */

import type { FilterError } from "../../flow/filter-error.ts";
import { printable } from "../../flow/printable.ts";
import type { Prompt } from "../model.ts";
import type { Surface } from "../surface.ts";
import { clip, tail, textWidth } from "../text.ts";
import type { Role } from "../theme.ts";

export function drawPrompt(surface: Surface, { kind, line, error }: Prompt): void {
  const y = surface.rows - 1;
  const role: Role = error ? "error" : kind === "filter" ? "ok" : "strong";
  const label = kind === "filter" ? `${error ? "✖" : "✔"} filter: ` : "search: ";
  const x = surface.put(y, 1, surface.cols - 1, label, role);
  const room = surface.cols - x - 1;
  const left = printable(line.left, "list");
  // The cursor's place is what must be seen; a little of what follows it, too.
  const right = printable(line.right, "list");
  const after = Math.min(textWidth(right), room >> 2);
  const cursor = surface.put(y, x, room - after, tail(left, room - after - 1), role);
  const end = surface.put(y, cursor, surface.cols - cursor, right || " ", role);
  surface.invert(y, cursor, Math.min(cursor + 1, end));
  if (error) drawError(surface, error);
}

function drawError(surface: Surface, { message, column, suggestion }: FilterError): void {
  const y = surface.rows - 2;
  const text = `✖ column ${column}: ${message}${suggestion === undefined ? "" : `; try ${suggestion}`}`;
  surface.fill(y, 0, surface.cols, "error");
  surface.put(y, 1, surface.cols - 2, clip(printable(text, "list"), surface.cols - 2), "error");
}
