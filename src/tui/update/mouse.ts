/** Clicks and the wheel, by what is under the pointer. */

import { type Rect, layoutOf } from "../layout.ts";
import { type Model, showsConnect } from "../model.ts";
import type { Token } from "../tokenizer.ts";
import { tabAt } from "../tabs.ts";
import { focusDetail, open, scrollDetail, showTab } from "./detail.ts";
import { scrollHelp } from "./help.ts";
import { scrollList, select } from "./list.ts";

export function mouse(model: Model, event: Extract<Token, { type: "mouse" }>): Model {
  if (model.overlay === "help" && event.action === "wheeldown") return scrollHelp(model, WHEEL_LINES);
  if (model.overlay === "help" && event.action === "wheelup") return scrollHelp(model, -WHEEL_LINES);
  if (model.prompt || model.menu || model.overlay !== null || showsConnect(model)) return model;
  const { list, detail } = layoutOf(model);
  if (detail && inside(detail, event)) return inDetail(model, event, detail);
  if (list && inside(list, event)) return inList(model, event, list);
  return model;
}

function inDetail(model: Model, { action, x, y }: Extract<Token, { type: "mouse" }>, area: Rect): Model {
  if (action === "wheeldown") return scrollDetail(model, WHEEL_LINES);
  if (action === "wheelup") return scrollDetail(model, -WHEEL_LINES);
  if (action !== "press") return model;
  const tab = y === area.y ? tabAt(x - area.x) : null;
  const focused = focusDetail(model, true);
  return tab === null ? focused : showTab(focused, tab);
}

/** A click selects; a click on what is selected opens it. */
function inList(model: Model, { action, y }: Extract<Token, { type: "mouse" }>, area: Rect): Model {
  if (action === "wheeldown") return scrollList(model, WHEEL_LINES);
  if (action === "wheelup") return scrollList(model, -WHEEL_LINES);
  const ordinal = model.listing.at(model.listing.indexOf(model.top) + y - area.y - 1);
  if (action !== "press" || y === area.y || ordinal === 0) return model;
  if (ordinal === model.selected) return open(model);
  return select({ ...focusDetail(model, false), follow: false }, ordinal);
}

function inside(area: Rect, { x, y }: { x: number; y: number }): boolean {
  return x >= area.x && x < area.x + area.cols && y >= area.y && y < area.y + area.rows;
}

const WHEEL_LINES = 3;
