/** The list of flows: as many columns as fit, the most telling last to go. */

import { formatBytes, formatClock, formatDuration } from "../format.ts";
import type { Rect } from "../layout.ts";
import type { Model } from "../model.ts";
import type { Row } from "../row.ts";
import type { Surface } from "../surface.ts";
import { clip, clipMiddle, padEnd, padStart } from "../text.ts";
import { type Role, statusRole } from "../theme.ts";

export function drawList(surface: Surface, model: Model, area: Rect): void {
  const columns = columnsFor(area.cols, String(model.flows.next - 1).length);
  drawHeading(surface, area, columns);
  for (let line = 1; line < area.rows; line += 1) {
    const row = model.flows.row(model.top + line - 1);
    if (!row) break;
    drawRow(
      surface,
      area,
      area.y + line,
      row.state === "failed" ? withRoomForReason(columns) : columns,
      row,
      row.ordinal === model.selected,
    );
  }
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

function drawRow(surface: Surface, area: Rect, y: number, columns: Columns, row: Row, selected: boolean): void {
  const open = row.state === "open";
  const cells: Cell[] = [
    ["ordinal", String(row.ordinal), "dim"],
    ["time", formatClock(row.started), "dim"],
    ["method", clip(row.method, columns.method), "method"],
    ["status", ...status(row)],
    ["host", clipMiddle(row.host, columns.host), row.insecure ? "warn" : "text"],
    ["path", clip(row.path, columns.path), row.state === "failed" ? "failed" : "text"],
    ["type", clip(row.type, columns.type), "dim"],
    ["size", row.size === null ? "–" : formatBytes(row.size), "text"],
    ["duration", row.duration === null ? (open ? "open" : "–") : formatDuration(row.duration), "text"],
  ];
  if (selected) surface.fill(y, area.x, area.x + area.cols, "text", true);
  surface.put(y, area.x, 1, selected ? "▸" : row.insecure ? "!" : " ", row.insecure ? "warn" : "text", selected);
  drawCells(surface, area, y, columns, cells, selected);
}

function drawCells(
  surface: Surface,
  area: Rect,
  y: number,
  columns: Columns,
  cells: readonly Cell[],
  selected: boolean,
): void {
  let x = area.x + MARGIN;
  for (const [column, text, role] of cells) {
    const width = columns[column];
    if (width === 0) continue;
    const padded = RIGHT.has(column) ? padStart(text, width) : padEnd(text, width);
    surface.put(y, x, Math.min(width, area.x + area.cols - x), padded, role, selected);
    x += width + 1;
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
