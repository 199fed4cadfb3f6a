/**
 * Roles of text and how a terminal shows them. Colours come from the 256-colour palette; the background stays the
 * terminal's. No meaning hangs on colour alone: a glyph or a word says the same.
 */

/** What the terminal can, or may, show. */
export interface Look {
  color: boolean;
  ascii: boolean;
}

export type Role = keyof typeof ROLES;

/** How a cell looks: flags, foreground and background in 9 bits each, as the screen's cells hold them. */
export type Attr = number;

export interface Environment {
  readonly [name: string]: string | undefined;
}

/** NO_COLOR (no-color.org) leaves bold, underline and inverse. A locale that is not UTF-8 gets ASCII glyphs. */
export function lookOf(env: Environment, ascii = false): Look {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  // Nothing set, as in many containers, says nothing about the terminal, and terminals speak UTF-8 today.
  const utf8 = locale === "" || /utf-?8/i.test(locale);
  return { color: !env["NO_COLOR"], ascii: ascii || !utf8 };
}

export function attr(look: Look, role: Role, selected = false): Attr {
  const [foreground, flags] = ROLES[role];
  const color = look.color ? foreground : DEFAULT;
  return ((flags | (selected ? INVERSE : 0)) << 18) | (color << 9) | DEFAULT;
}

export function underlined(style: Attr): Attr {
  return style | (UNDERLINE << 18);
}

export function inverted(style: Attr): Attr {
  return style | (INVERSE << 18);
}

/** The role of a status code. */
export function statusRole(status: number): Role {
  if (status >= 500) return "error";
  if (status >= 400) return "warn";
  return status >= 300 ? "redirect" : status >= 200 ? "ok" : "text";
}

/** Text as it looks when nothing is said about it. */
export const PLAIN_ATTR: Attr = (0x1ff << 9) | 0x1ff;

const DEFAULT = 0x1ff;
const BOLD = 1;
const UNDERLINE = 2;
const INVERSE = 8;

const ROLES = {
  text: [DEFAULT, 0],
  dim: [244, 0],
  strong: [DEFAULT, BOLD],
  heading: [110, BOLD],
  key: [DEFAULT, BOLD],
  link: [DEFAULT, UNDERLINE],
  active: [DEFAULT, INVERSE],
  loud: [203, BOLD | INVERSE],
  badge: [214, BOLD],
  ok: [71, 0],
  redirect: [73, 0],
  warn: [179, 0],
  error: [203, 0],
  failed: [203, BOLD],
  method: [110, 0],
  name: [110, 0],
  string: [108, 0],
  number: [179, 0],
} as const satisfies { [role: string]: readonly [foreground: number, flags: number] };
