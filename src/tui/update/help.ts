/** The help's pages and their scrolling. */

import { HELP_PAGES, helpLines } from "../help-pages.ts";
import { helpHeight } from "../layout.ts";
import type { Model } from "../model.ts";

export function helpKey(model: Model, key: string): Model {
  return KEYS[key]?.(model) ?? model;
}

export function scrollHelp(model: Model, by: number): Model {
  const last = Math.max(0, helpLines(model.help.page, model.cols).length - helpHeight(model));
  return { ...model, help: { ...model.help, scroll: Math.max(0, Math.min(model.help.scroll + by, last)) } };
}

function turn(model: Model, by: number): Model {
  return { ...model, help: { page: (model.help.page + by + HELP_PAGES.length) % HELP_PAGES.length, scroll: 0 } };
}

const page = (model: Model): number => Math.max(1, helpHeight(model) - 1);
const next = (model: Model): Model => turn(model, 1);
const last = (model: Model): Model => turn(model, -1);
const down = (model: Model): Model => scrollHelp(model, 1);
const up = (model: Model): Model => scrollHelp(model, -1);
const pageDown = (model: Model): Model => scrollHelp(model, page(model));
const top = (model: Model): Model => scrollHelp(model, -Infinity);
const bottom = (model: Model): Model => scrollHelp(model, Infinity);

const KEYS: { readonly [key: string]: (model: Model) => Model } = {
  tab: next,
  "]": next,
  l: next,
  right: next,
  "S-tab": last,
  "[": last,
  h: last,
  left: last,
  1: (model) => ({ ...model, help: { page: 0, scroll: 0 } }),
  2: (model) => ({ ...model, help: { page: 1, scroll: 0 } }),
  j: down,
  down,
  k: up,
  up,
  pagedown: pageDown,
  space: pageDown,
  pageup: (model) => scrollHelp(model, -page(model)),
  g: top,
  home: top,
  G: bottom,
  end: bottom,
};
