/** Searching in the list: nothing is hidden, the selection goes from hit to hit. */

import { type Model, withToast } from "../model.ts";
import type { Row } from "../row.ts";
import { select } from "./list.ts";

/** Selects the next hit at least `offset` rows below the selection, or above it if negative; round and round. */
export function searchFrom(model: Model, offset: number): Model {
  const needle = model.search.toLowerCase();
  if (needle === "") return offset === 0 ? model : withToast(model, "nothing to search for yet: Ctrl-F");
  const { size } = model.listing;
  const start = model.listing.indexOf(model.selected) + offset;
  const step = offset < 0 ? -1 : 1;
  for (let tried = 0; tried < size; tried += 1) {
    const place = start + tried * step;
    const wrapped = (place + size) % size;
    const ordinal = model.listing.at(wrapped);
    const row = model.flows.row(ordinal);
    if (row && isHit(row, needle)) return note(select({ ...model, follow: false }, ordinal), place, wrapped);
  }
  return withToast(model, `nothing in the list has "${model.search}"`);
}

/** `needle` is in lower case. */
function isHit(row: Row, needle: string): boolean {
  return [row.authority, row.path, row.method, String(row.status ?? ""), row.code].some((text) =>
    text.toLowerCase().includes(needle),
  );
}

function note(model: Model, place: number, wrapped: number): Model {
  if (place === wrapped) return model;
  return withToast(model, place < 0 ? "search went on at the bottom" : "search went on at the top");
}
