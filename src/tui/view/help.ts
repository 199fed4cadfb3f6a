/** All keys. `update/keys.ts` does what is said here. */

import type { Surface } from "../surface.ts";

export function drawHelp(surface: Surface): void {
  surface.put(1, 2, surface.cols - 4, "Keys", "heading");
  const columns = surface.cols >= TWO_COLUMNS ? 2 : 1;
  const perColumn = Math.ceil(HELP.length / columns);
  const width = Math.floor((surface.cols - 2) / columns);
  HELP.forEach(([keys, what], index) => {
    const y = 2 + (index % perColumn);
    const x = 2 + Math.floor(index / perColumn) * width;
    if (y >= surface.rows - 1) return;
    surface.put(y, x, KEYS - 1, keys, "key");
    surface.put(y, x + KEYS, width - KEYS - 1, what);
  });
}

const TWO_COLUMNS = 76;
const KEYS = 11;
const HELP: readonly (readonly [keys: string, what: string])[] = [
  ["j k ↓ ↑", "move, scroll"],
  ["PgDn PgUp", "a page; C-d C-u half one"],
  ["g Home", "first flow, or top"],
  ["G End", "newest flow and follow"],
  ["f", "follow new flows, or stop"],
  ["Enter", "open the flow"],
  ["Esc q", "back; q in the list quits"],
  ["Q Ctrl-C", "quit from anywhere"],
  ["1 2 3", "overview, request, response"],
  ["Tab S-Tab", "next, last tab; also ] ["],
  ["v", "body as text, JSON or hex"],
  ["h l ← →", "focus list, focus detail"],
  ["F1", "how to connect a program"],
  ["?", "this help"],
  ["Ctrl-L", "draw the screen anew"],
  ["Ctrl-Z", "suspend; traffic goes on"],
  ["click", "select; again opens; tabs"],
  ["wheel", "scroll"],
  ["Shift-drag", "select text as usual"],
];
