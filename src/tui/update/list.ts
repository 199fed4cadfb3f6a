/**
 * The list's selection and window. While following, the newest flow is selected. While not, nothing that arrives moves a
 * row on the screen: window and selection are ordinals.
 */

import { listHeight } from "../layout.ts";
import type { Model } from "../model.ts";
import { opened } from "./detail.ts";

/** Moves the selection; moving up stops following. */
export function move(model: Model, by: number): Model {
  return select(by < 0 ? { ...model, follow: false } : model, model.selected + by);
}

export function select(model: Model, ordinal: number): Model {
  return withDetail(noted(keepInView({ ...model, selected: ordinal })));
}

export function followNewest(model: Model): Model {
  return withDetail(keepInView({ ...model, follow: true }));
}

export function toggleFollow(model: Model): Model {
  return model.follow ? noted({ ...model, follow: false }) : followNewest(model);
}

/** Moves the window and leaves the selection where it is, unless it would leave the window. */
export function scrollList(model: Model, by: number): Model {
  const height = listHeight(model);
  const { first, next } = model.flows;
  const top = clamp(model.top + by, first, Math.max(first, next - height));
  const follow = model.follow && by > 0;
  const selected = clamp(model.selected, top, Math.max(top, Math.min(next, top + height) - 1));
  return withDetail(noted({ ...model, top, follow, selected }));
}

/** Holds selection and window inside what is there. */
export function keepInView(model: Model): Model {
  const { first, next } = model.flows;
  if (next === first) return model;
  const height = listHeight(model);
  const selected = model.follow ? next - 1 : clamp(model.selected, first, next - 1);
  const lowest = Math.max(first, next - height);
  const top = model.follow
    ? lowest
    : clamp(Math.min(model.top, lowest), Math.max(first, selected - height + 1), selected);
  if (model.follow) return withDetail({ ...model, selected, top, seen: next - 1 });
  return { ...model, selected, top };
}

/** Flows that arrived below since following stopped and were not looked at. */
export function unseen(model: Model): number {
  return model.follow ? 0 : Math.max(0, model.flows.next - 1 - model.seen);
}

/** What is in the window now has been seen. */
function noted(model: Model): Model {
  const bottom = Math.min(model.flows.next, model.top + listHeight(model)) - 1;
  return { ...model, seen: Math.max(model.seen, bottom) };
}

/** A detail beside the list shows what is selected. */
function withDetail(model: Model): Model {
  const row = model.flows.row(model.selected);
  if (!model.detail || !row || row.id === model.detail.flow) return model;
  // Someone who reads a flow keeps it, whatever arrives.
  if (model.detail.focused) return model;
  return { ...model, detail: opened(row, model.detail) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
