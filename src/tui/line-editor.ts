/** A line of text that somebody types, with its cursor between `left` and `right`. */

export interface EditedLine {
  readonly left: string;
  readonly right: string;
}

export const EMPTY_LINE: EditedLine = { left: "", right: "" };

export function lineText({ left, right }: EditedLine): string {
  return left + right;
}

/** The line after a key, or null if the key is none of editing. */
export function edited(line: EditedLine, key: string): EditedLine | null {
  const typed = key === "space" ? " " : key;
  if (Array.from(typed).length === 1) return inserted(line, typed);
  return KEYS[key]?.(line) ?? null;
}

/** Pasted text becomes one line; what is over {@link MAX_LINE} is dropped. */
export function inserted({ left, right }: EditedLine, text: string): EditedLine {
  const oneLine = text.replace(/\p{Cc}+/gu, " ");
  const room = MAX_LINE - left.length - right.length;
  // Not between the halves of a pair.
  const fitting = oneLine.slice(0, Math.max(0, room)).replace(/[\ud800-\udbff]$/, "");
  return { left: left + fitting, right };
}

function lastScalar(text: string): string {
  return /[^]$/u.exec(text)?.[0] ?? "";
}

function firstScalar(text: string): string {
  return /^[^]/u.exec(text)?.[0] ?? "";
}

function toLeft({ left, right }: EditedLine): EditedLine {
  const moved = lastScalar(left);
  return { left: left.slice(0, left.length - moved.length), right: moved + right };
}

function toRight({ left, right }: EditedLine): EditedLine {
  const moved = firstScalar(right);
  return { left: left + moved, right: right.slice(moved.length) };
}

const toStart = (line: EditedLine): EditedLine => ({ left: "", right: lineText(line) });
const toEnd = (line: EditedLine): EditedLine => ({ left: lineText(line), right: "" });
const dropBefore = (line: EditedLine): EditedLine => ({ left: toLeft(line).left, right: line.right });
const dropAfter = (line: EditedLine): EditedLine => ({ left: line.left, right: toRight(line).right });

/** As in readline. */
const KEYS: { readonly [key: string]: (line: EditedLine) => EditedLine } = {
  backspace: dropBefore,
  "C-h": dropBefore,
  delete: dropAfter,
  "C-d": dropAfter,
  left: toLeft,
  "C-b": toLeft,
  right: toRight,
  home: toStart,
  "C-a": toStart,
  end: toEnd,
  "C-e": toEnd,
  "C-u": ({ right }) => ({ left: "", right }),
  "C-k": ({ left }) => ({ left, right: "" }),
  "C-w": ({ left, right }) => ({ left: left.replace(/\S*\s*$/, ""), right }),
};

/** Characters; what the filter language takes. */
const MAX_LINE = 4096;
