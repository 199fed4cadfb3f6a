/**
 * The list's selection and window. While following, the newest flow in the list is selected. While not, nothing that
 * arrives moves a row on the screen: window and selection are ordinals, and their places in the list are looked up.
 */

import { listHeight } from "../layout.ts";
import { type Model, selectedRow } from "../model.ts";
import { opened } from "./detail.ts";

/** Moves the selection; moving up stops following. */
export function move(model: Model, by: number): Model {
  const { listing } = model;
  const place = clamp(listing.indexOf(model.selected) + by, 0, Math.max(0, listing.size - 1));
  return select(by < 0 ? { ...model, follow: false } : model, listing.at(place));
}

export function select(model: Model, ordinal: number): Model {
  // What was selected before the filter let nothing through is selected again afterwards.
  if (model.listing.size === 0) return model;
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
  const { listing } = model;
  const height = listHeight(model);
  const top = clamp(listing.indexOf(model.top) + by, 0, Math.max(0, listing.size - height));
  const last = Math.max(top, Math.min(listing.size, top + height) - 1);
  const selected = listing.at(clamp(listing.indexOf(model.selected), top, last));
  return withDetail(noted({ ...model, top: listing.at(top), follow: model.follow && by > 0, selected }));
}

/** Holds selection and window inside what is in the list. */
export function keepInView(model: Model): Model {
  const { listing, follow } = model;
  if (listing.size === 0) return model;
  const height = listHeight(model);
  const newest = listing.size - 1;
  const selected = follow ? newest : Math.min(listing.indexOf(model.selected), newest);
  const lowest = Math.max(0, listing.size - height);
  const top = follow
    ? lowest
    : clamp(Math.min(listing.indexOf(model.top), lowest), Math.max(0, selected - height + 1), selected);
  const seen = follow ? model.flows.next - 1 : model.seen;
  return withDetail({ ...model, selected: listing.at(selected), top: listing.at(top), seen });
}

/** Flows in the list that arrived below since following stopped and were not looked at. */
export function unseen(model: Model): number {
  return model.follow ? 0 : model.listing.size - model.listing.indexOf(model.seen + 1);
}

/** What is in the window now has been seen. */
function noted(model: Model): Model {
  const { listing } = model;
  const bottom = listing.at(Math.min(listing.size, listing.indexOf(model.top) + listHeight(model)) - 1);
  return { ...model, seen: Math.max(model.seen, bottom) };
}

/** A detail beside the list shows what is selected. */
function withDetail(model: Model): Model {
  const row = selectedRow(model);
  if (!model.detail || !row || row.id === model.detail.flow) return model;
  // Someone who reads a flow keeps it, whatever arrives.
  if (model.detail.focused) return model;
  return { ...model, detail: opened(row, model.detail) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
