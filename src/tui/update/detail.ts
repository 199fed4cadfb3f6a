/** The open flow: opening and closing it, its tabs, its scrolling. */

import { nextMode } from "../body/content.ts";
import { detailHeight } from "../layout.ts";
import { type Detail, type Model, type Tab, UNASKED, selectedRow } from "../model.ts";
import type { Row } from "../row.ts";
import { TABS } from "../tabs.ts";
import { detailDocument, shownMode } from "../detail-document.ts";

/** Opens the selected flow. Who reads does not want the list to run away: following stops. */
export function open(model: Model): Model {
  const row = selectedRow(model);
  if (!row) return model;
  return { ...model, follow: false, detail: { ...opened(row, model.detail), focused: true } };
}

/** A detail of this flow, on the tab that was open before. */
export function opened(row: Row, before: Detail | null): Detail {
  if (before?.flow === row.id) return before;
  return {
    flow: row.id,
    ordinal: row.ordinal,
    tab: before?.tab ?? "overview",
    focused: before?.focused ?? false,
    scroll: 0,
    modes: { req: null, res: null },
    bodies: { req: UNASKED, res: UNASKED },
  };
}

export function close(model: Model): Model {
  return { ...model, detail: null };
}

export function focusDetail(model: Model, focused: boolean): Model {
  return model.detail ? { ...model, detail: { ...model.detail, focused } } : model;
}

export function showTab(model: Model, tab: Tab): Model {
  return model.detail ? { ...model, detail: { ...model.detail, tab, scroll: 0 } } : model;
}

/** The tab `by` places further, round and round. */
export function turnTab(model: Model, by: number): Model {
  if (!model.detail) return model;
  const at = TABS.findIndex(({ tab }) => tab === model.detail?.tab) + by + TABS.length;
  return showTab(model, TABS[at % TABS.length]?.tab ?? "overview");
}

/** Shows the open body in the next of its forms. */
export function turnMode(model: Model): Model {
  const { detail } = model;
  if (!detail || detail.tab === "overview") return model;
  const shown = shownMode(model, detail.tab);
  if (shown === null) return model;
  return scrollInto({ ...model, detail: { ...detail, modes: { ...detail.modes, [detail.tab]: nextMode(shown) } } });
}

export function scrollDetail(model: Model, by: number): Model {
  const { detail } = model;
  if (!detail) return model;
  return scrollInto({ ...model, detail: { ...detail, scroll: detail.scroll + by } });
}

/** Holds the scrolling inside what is there. */
export function scrollInto(model: Model): Model {
  const { detail } = model;
  if (!detail || detail.scroll === 0) return model;
  const last = Math.max(0, detailDocument(model).length - detailHeight(model));
  return { ...model, detail: { ...detail, scroll: Math.max(0, Math.min(detail.scroll, last)) } };
}
