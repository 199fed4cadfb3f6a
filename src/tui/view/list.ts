/** The list of flows: as many columns as fit, the most telling last to go. */

import { formatBytes, formatClock, formatDuration } from "../format.ts";
import type { Rect } from "../layout.ts";
import { lineText } from "../line-editor.ts";
import type { Model } from "../model.ts";
import type { Row } from "../row.ts";
import type { Surface } from "../surface.ts";
import { clip, clipMiddle, padEnd, padStart, textWidth } from "../text.ts";
import { type Role, statusRole } from "../theme.ts";

export function drawList(surface: Surface, model: Model, area: Rect): void {
  const columns = columnsFor(area.cols, String(model.flows.next - 1).length);
  drawHeading(surface, area, columns);
  const { flows, listing } = model;
  const needle = searched(model);
  const top = listing.indexOf(model.top);
  for (let line = 1; line < area.rows; line += 1) {
    const row = flows.row(listing.at(top + line - 1));
    if (!row) break;
    const widths = row.state === "failed" ? withRoomForReason(columns) : columns;
    drawRow(surface, area, area.y + line, widths, row, row.ordinal === model.selected, needle);
  }
  if (listing.size === 0) surface.put(area.y + 1, area.x + MARGIN, area.cols - MARGIN, NO_MATCH, "dim");
}

/** What is searched for, in lower case, from the first letter typed on. */
function searched({ prompt, search }: Model): string {
  return (prompt?.kind === "search" ? lineText(prompt.line) : search).toLowerCase();
}

/** Widths in columns; what is not there is not shown. */
interface Columns {
  ordinal: number;
  time: number;
  method: number;
  status: number;
  host: number;
  path: number;
  type: number;
  size: number;
  duration: number;
}

/** Type goes below 100 columns, then the time of day, then the number and the size. */
function columnsFor(cols: number, digits: number): Columns {
  const fixed = {
    ordinal: cols >= 64 ? Math.max(3, digits) : 0,
    time: cols >= 76 ? 8 : 0,
    method: cols >= 100 ? 7 : 6,
    status: 3,
    type: cols >= 100 ? 6 : 0,
    size: cols >= 56 ? 5 : 0,
    duration: 6,
  };
  const widths = Object.values(fixed).filter((width) => width > 0);
  const room = cols - MARGIN - 1 - widths.reduce((sum, width) => sum + width + 1, 0) - 1;
  const host = Math.max(8, Math.min(40, Math.floor(room * 0.45)));
  return { ...fixed, host, path: Math.max(1, room - host) };
}

/** A reason that is cut to uselessness is none: it takes the columns that a failure leaves empty. */
function withRoomForReason(columns: Columns): Columns {
  const freed = [columns.type, columns.size].reduce((sum, width) => sum + (width > 0 ? width + 1 : 0), 0);
  return { ...columns, path: columns.path + freed, type: 0, size: 0 };
}

function drawHeading(surface: Surface, area: Rect, columns: Columns): void {
  const titles: Cell[] = ORDER.map((column) => [column, TITLES[column], "dim"]);
  drawCells(surface, area, area.y, columns, titles, false);
}

type Cell = [column: keyof Columns, text: string, role: Role];

function drawRow(
  surface: Surface,
  area: Rect,
  y: number,
  columns: Columns,
  row: Row,
  selected: boolean,
  needle: string,
): void {
  const open = row.state === "open";
  const cells: Cell[] = [
    ["ordinal", String(row.ordinal), "dim"],
    ["time", formatClock(row.started), "dim"],
    ["method", clip(row.method || "–", columns.method), "method"],
    ["status", ...status(row)],
    ["host", clipMiddle(row.authority, columns.host), row.insecure ? "warn" : "text"],
    ["path", clip(pathText(row, area.cols), columns.path), row.state === "failed" ? "failed" : "text"],
    ["type", clip(row.type, columns.type), "dim"],
    ["size", row.size === null ? "–" : formatBytes(row.size), "text"],
    ["duration", row.duration === null ? (open ? "open" : "–") : formatDuration(row.duration), "text"],
  ];
  if (selected) surface.fill(y, area.x, area.x + area.cols, "text", true);
  surface.put(y, area.x, 1, selected ? "▸" : row.insecure ? "!" : " ", row.insecure ? "warn" : "text", selected);
  drawCells(surface, area, y, columns, cells, selected, needle);
}

/** A reason begins with its code only where there is room for both. */
function pathText(row: Row, cols: number): string {
  return row.code !== "" && cols >= CODE_COLS ? `${row.code}: ${row.path}` : row.path;
}

function drawCells(
  surface: Surface,
  area: Rect,
  y: number,
  columns: Columns,
  cells: readonly Cell[],
  selected: boolean,
  needle = "",
): void {
  let x = area.x + MARGIN;
  for (const [column, text, role] of cells) {
    const width = columns[column];
    if (width === 0) continue;
    const padded = RIGHT.has(column) ? padStart(text, width) : padEnd(text, width);
    surface.put(y, x, Math.min(width, area.x + area.cols - x), padded, role, selected);
    if (needle !== "" && SEARCHED.has(column)) underlineHits(surface, y, x, padded, needle);
    x += width + 1;
  }
}

function underlineHits(surface: Surface, y: number, x: number, text: string, needle: string): void {
  const lower = text.toLowerCase();
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + needle.length)) {
    const start = x + textWidth(text.slice(0, at));
    surface.underline(y, start, start + textWidth(text.slice(at, at + needle.length)));
  }
}

/** A glyph where there is no status: failed, tunnel, still open. */
function status(row: Row): [text: string, role: Role] {
  if (row.state === "failed") return ["✖", "failed"];
  if (row.kind === "tunnel") return ["⇅", "redirect"];
  if (row.status !== null) return [String(row.status).slice(0, 3), statusRole(row.status)];
  return [row.state === "open" ? "…" : "–", "dim"];
}

const MARGIN = 2;
/** From here on a reason is shown with its code. */
const CODE_COLS = 120;
const NO_MATCH = "no flow matches the filter; / changes it";
const SEARCHED: ReadonlySet<keyof Columns> = new Set(["method", "status", "host", "path"]);
const ORDER = ["ordinal", "time", "method", "status", "host", "path", "type", "size", "duration"] as const;
const RIGHT: ReadonlySet<keyof Columns> = new Set(["ordinal", "size", "duration"]);
const TITLES: Readonly<Record<keyof Columns, string>> = {
  ordinal: "#",
  time: "time",
  method: "method",
  status: "st",
  host: "host",
  path: "path",
  type: "type",
  size: "size",
  duration: "time",
};
