/** What the escape sequences of keys and mice mean (ECMA-48; xterm's ctlseqs, "PC-Style Function Keys" and "Mouse Tracking"). */

import type { Token } from "./tokenizer.ts";

/** A control sequence `ESC [ parameters final`, or null if it is nothing that concerns us. */
export function csiToken(parameters: string, final: string): Token | null {
  if (parameters.startsWith("<") && (final === "M" || final === "m")) return mouseToken(parameters.slice(1), final);
  if (parameters === "" && (final === "I" || final === "O")) return { type: "focus", focused: final === "I" };
  if (final === "Z") return { type: "key", key: "S-tab" };
  if (!/^[\d;]*$/.test(parameters)) return null;
  const [first = "", modifier = ""] = parameters.split(";");
  const name = final === "~" ? TILDE_KEYS[first] : FINAL_KEYS[final];
  return name === undefined ? null : { type: "key", key: modifiers(Number(modifier || 1)) + name };
}

/** `ESC O final`: what keys send in application mode. */
export function ss3Token(final: string): Token | null {
  const name = FINAL_KEYS[final] ?? (final === "M" ? "enter" : undefined);
  return name === undefined ? null : { type: "key", key: name };
}

/** SGR coordinates: button;column;row, counted from 1. */
function mouseToken(parameters: string, final: "M" | "m"): Token | null {
  const match = /^(\d{1,4});(\d{1,5});(\d{1,5})$/.exec(parameters);
  if (!match) return null;
  const [button, column, row] = match.slice(1).map(Number);
  if (button === undefined || !column || !row) return null;
  return { type: "mouse", action: mouseAction(button, final), x: column - 1, y: row - 1 };
}

function mouseAction(button: number, final: "M" | "m"): "press" | "release" | "move" | "wheelup" | "wheeldown" {
  if (button & WHEEL) return (button & 3) === 0 ? "wheelup" : (button & 3) === 1 ? "wheeldown" : "move";
  if (button & MOTION) return "move";
  return final === "m" || (button & 3) !== 0 ? "release" : "press";
}

/** 1 + a bit each for Shift, Alt, Control. */
function modifiers(parameter: number): string {
  const bits = parameter - 1;
  return (bits & 4 ? "C-" : "") + (bits & 2 ? "M-" : "") + (bits & 1 ? "S-" : "");
}

const MOTION = 32;
const WHEEL = 64;

const FINAL_KEYS: { readonly [final: string]: string } = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
};

const TILDE_KEYS: { readonly [parameter: string]: string } = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
};
