/** What each key does. `view/help.ts` tells the same to people. */

import { detailHeight, listHeight } from "../layout.ts";
import { type Model, showsConnect } from "../model.ts";
import { openPrompt, promptKey } from "./prompt.ts";
import { searchFrom } from "./search.ts";
import { copyKey, openCopyMenu } from "./copy.ts";
import { close, focusDetail, open, scrollDetail, showTab, turnMode, turnTab } from "./detail.ts";
import { helpKey } from "./help.ts";
import { followNewest, move, select, toggleFollow } from "./list.ts";
import type { Updated } from "../messages.ts";

export function pressKey(model: Model, key: string): Updated {
  const always = ALWAYS[key];
  if (always) return always(model);
  if (model.prompt) return [promptKey(model, model.prompt, key), []];
  if (model.menu) return copyKey(model, key);
  const everywhere = EVERYWHERE[key];
  if (everywhere) return everywhere(model);
  if (model.overlay !== null) return [inOverlay(model, key), []];
  if (model.detail) return [inDetail(model, key), []];
  if (key === "q") return QUIT(model);
  return [showsConnect(model) ? model : inList(model, key), []];
}

function inOverlay(model: Model, key: string): Model {
  if (key === "q" || key === "esc" || key === "enter") return { ...model, overlay: null };
  return model.overlay === "help" ? helpKey(model, key) : model;
}

function inDetail(model: Model, key: string): Model {
  const shared = BESIDE[key];
  if (shared) return shared(model);
  if (!model.detail?.focused) return inList(model, key);
  return DETAIL[key]?.(model) ?? model;
}

function inList(model: Model, key: string): Model {
  return LIST[key]?.(model) ?? model;
}

type Action = (model: Model) => Model;
type Actions = { readonly [key: string]: Action };

const QUIT = (model: Model): Updated => [model, [{ type: "quit" }]];
const toggle =
  (overlay: "help" | "connect") =>
  (model: Model): Updated => [
    { ...model, overlay: model.overlay === overlay ? null : overlay, help: { page: 0, scroll: 0 } },
    [],
  ];

/** Also while something is typed. */
const ALWAYS: { readonly [key: string]: (model: Model) => Updated } = {
  "C-c": QUIT,
  "C-z": (model) => [model, [{ type: "suspend" }]],
  "C-l": (model) => [model, [{ type: "repaint" }]],
};

const EVERYWHERE: { readonly [key: string]: (model: Model) => Updated } = {
  Q: QUIT,
  "?": toggle("help"),
  f1: toggle("connect"),
};

/** Keys of the open flow, wherever the focus is. */
const BESIDE: Actions = {
  q: close,
  esc: close,
  1: (model) => showTab(model, "overview"),
  2: (model) => showTab(model, "req"),
  3: (model) => showTab(model, "res"),
  tab: (model) => turnTab(model, 1),
  "]": (model) => turnTab(model, 1),
  "S-tab": (model) => turnTab(model, -1),
  "[": (model) => turnTab(model, -1),
  v: turnMode,
  y: openCopyMenu,
  "/": (model) => openPrompt(model, "filter"),
  h: (model) => focusDetail(model, false),
  left: (model) => focusDetail(model, false),
  l: (model) => focusDetail(model, true),
  right: (model) => focusDetail(model, true),
};

const page = (model: Model): number => Math.max(1, listHeight(model) - 1);
const screenful = (model: Model): number => Math.max(1, detailHeight(model) - 1);

const LIST: Actions = both({
  down: (model) => move(model, 1),
  up: (model) => move(model, -1),
  pagedown: (model) => move(model, page(model)),
  pageup: (model) => move(model, -page(model)),
  "C-d": (model) => move(model, Math.ceil(page(model) / 2)),
  "C-u": (model) => move(model, -Math.ceil(page(model) / 2)),
  home: (model) => select({ ...model, follow: false }, model.listing.at(0)),
  end: followNewest,
  enter: open,
  esc: (model) => ({ ...model, search: "" }),
  f: toggleFollow,
  y: openCopyMenu,
  "/": (model) => openPrompt(model, "filter"),
  "C-f": (model) => openPrompt(model, "search"),
  n: (model) => searchFrom(model, 1),
  N: (model) => searchFrom(model, -1),
});

const DETAIL: Actions = both({
  down: (model) => scrollDetail(model, 1),
  up: (model) => scrollDetail(model, -1),
  pagedown: (model) => scrollDetail(model, screenful(model)),
  pageup: (model) => scrollDetail(model, -screenful(model)),
  "C-d": (model) => scrollDetail(model, Math.ceil(screenful(model) / 2)),
  "C-u": (model) => scrollDetail(model, -Math.ceil(screenful(model) / 2)),
  home: (model) => scrollDetail(model, -Number.MAX_SAFE_INTEGER),
  end: (model) => scrollDetail(model, Number.MAX_SAFE_INTEGER),
});

/** The keys of vi beside those with arrows on them. */
function both(actions: Actions): Actions {
  const { down, up, home, end, pagedown } = actions;
  const named = Object.entries({ j: down, k: up, g: home, G: end, space: pagedown });
  return {
    ...actions,
    ...Object.fromEntries(named.filter((entry): entry is [string, Action] => entry[1] !== undefined)),
  };
}
