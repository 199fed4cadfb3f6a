/** The bottom line: the keys that matter where the user is. */

import { printable } from "../../flow/printable.ts";
import { type Model, showsConnect } from "../model.ts";
import type { Surface } from "../surface.ts";
import { clip, textWidth } from "../text.ts";
import { drawPrompt } from "./prompt.ts";

export function drawFooter(surface: Surface, model: Model): void {
  if (model.prompt) return drawPrompt(surface, model.prompt);
  if (model.toast && !model.menu) {
    const text = clip(printable(model.toast.text, "list"), surface.cols - 2);
    surface.put(surface.rows - 1, 1, surface.cols - 2, text, "badge");
    return;
  }
  let x = 1;
  for (const [key, what] of hints(model)) {
    if (x + textWidth(`${key} ${what}`) > surface.cols) break;
    x = surface.put(surface.rows - 1, x, surface.cols - x, key, "key");
    x = surface.put(surface.rows - 1, x + 1, surface.cols - x, what, "dim") + 2;
  }
}

function hints(model: Model): readonly (readonly [key: string, what: string])[] {
  if (model.menu) return COPY;
  if (model.overlay === "help") return HELP;
  if (model.overlay !== null)
    return [
      ["Esc", "back"],
      ["Q", "quit"],
    ];
  if (showsConnect(model))
    return [
      ["?", "help"],
      ["q", "quit"],
    ];
  if (model.detail?.focused) return DETAIL;
  return model.detail ? BESIDE : LIST;
}

const HELP = [
  ["Tab", "next page"],
  ["j/k", "scroll"],
  ["Esc", "back"],
  ["Q", "quit"],
] as const;

const COPY = [
  ["copy:", "what?"],
  ["u", "URL"],
  ["c", "curl command"],
  ["Esc", "nothing"],
] as const;

const LIST = [
  ["j/k", "move"],
  ["Enter", "open"],
  ["/", "filter"],
  ["f", "follow"],
  ["y", "copy"],
  ["F1", "connect"],
  ["?", "help"],
  ["q", "quit"],
] as const;

const DETAIL = [
  ["j/k", "scroll"],
  ["Tab", "next tab"],
  ["v", "text/json/hex"],
  ["h", "list"],
  ["Esc", "back"],
  ["?", "help"],
] as const;

const BESIDE = [
  ["j/k", "move"],
  ["l", "detail"],
  ["f", "follow"],
  ["Esc", "close detail"],
  ["?", "help"],
] as const;
