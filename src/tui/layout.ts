/** Which part of the screen shows what. */

import type { Model } from "./model.ts";

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly cols: number;
  readonly rows: number;
}

export interface Layout {
  /** The list with its heading row; null if the detail takes all. */
  readonly list: Rect | null;
  /** The detail with its row of tabs. */
  readonly detail: Rect | null;
}

export const MIN_COLS = 40;
export const MIN_ROWS = 8;

export function tooSmall(model: Pick<Model, "cols" | "rows">): boolean {
  return model.cols < MIN_COLS || model.rows < MIN_ROWS;
}

/** Between the status line on top and the footer. Beside each other from 160 columns on, else one above the other. */
export function layoutOf(model: Pick<Model, "cols" | "rows" | "detail">): Layout {
  const whole: Rect = { x: 0, y: 1, cols: model.cols, rows: Math.max(0, model.rows - 2) };
  if (!model.detail) return { list: whole, detail: null };
  if (model.cols >= WIDE) return beside(whole);
  if (whole.rows < MIN_SPLIT_ROWS) return { list: null, detail: whole };
  const listRows = Math.max(6, Math.floor(whole.rows / 3));
  return {
    list: { ...whole, rows: listRows },
    detail: { ...whole, y: whole.y + listRows, rows: whole.rows - listRows },
  };
}

/** Rows of the list itself, without its heading. */
export function listHeight(model: Pick<Model, "cols" | "rows" | "detail">): number {
  return Math.max(1, (layoutOf(model).list?.rows ?? model.rows - 2) - 1);
}

/** Rows of the detail's content, without its tabs. */
export function detailHeight(model: Pick<Model, "cols" | "rows" | "detail">): number {
  return Math.max(1, (layoutOf(model).detail?.rows ?? model.rows - 2) - 1);
}

/** Columns of the detail's content: a margin on either side. */
export function detailWidth(model: Pick<Model, "cols" | "rows" | "detail">): number {
  return Math.max(8, (layoutOf(model).detail?.cols ?? model.cols) - 3);
}

/** Rows of the help, without its tabs. */
export function helpHeight({ rows }: Pick<Model, "rows">): number {
  return Math.max(1, rows - 3);
}

/** One column between the two stays free for a rule. */
function beside(whole: Rect): Layout {
  const left = Math.floor(whole.cols / 2);
  return { list: { ...whole, cols: left }, detail: { ...whole, x: left + 1, cols: whole.cols - left - 1 } };
}

const WIDE = 160;
/** Below this, a list above the detail would leave neither enough. */
const MIN_SPLIT_ROWS = 14;
