/** Columns of text: how wide it is, and how it is cut to fit. All text here is printable already. */

/** Columns that one scalar takes: 0 for a mark, which joins the cell before it, 1, or 2. */
export function scalarWidth(scalar: string): 0 | 1 | 2 {
  const code = scalar.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (MARK.test(scalar)) return 0;
  return isWide(code) || EMOJI.test(scalar) ? 2 : 1;
}

export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const scalar of text) width += scalarWidth(scalar);
  return width;
}

/** Cuts on the right: "/v1/users?pa…". */
export function clip(text: string, max: number): string {
  if (text.length <= max && textWidth(text) <= max) return text;
  return max < 1 ? "" : `${head(text, max - 1)}…`;
}

/** Cuts in the middle, as the end of a host says whose it is: "a-very-lo…example.com". */
export function clipMiddle(text: string, max: number): string {
  if (text.length <= max && textWidth(text) <= max) return text;
  if (max < 3) return clip(text, max);
  const right = Math.ceil((max - 1) / 2);
  return `${head(text, max - 1 - right)}…${tail(text, right)}`;
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - textWidth(text))) + text;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** Longest beginning that takes at most `max` columns. */
export function head(text: string, max: number): string {
  // With one more, as that may be a mark that belongs to the last.
  const enough = text.slice(0, Math.max(0, max) + 1);
  if (ASCII.test(enough)) return enough.slice(0, Math.max(0, max));
  let width = 0;
  let out = "";
  for (const scalar of text) {
    width += scalarWidth(scalar);
    if (width > max) break;
    out += scalar;
  }
  return out;
}

/** Longest end that takes at most `max` columns. */
export function tail(text: string, max: number): string {
  let width = 0;
  let out = "";
  for (const scalar of Array.from(text).reverse()) {
    width += scalarWidth(scalar);
    if (width > max) break;
    out = scalar + out;
  }
  return out;
}

function isWide(code: number): boolean {
  let low = 0;
  let high = WIDE.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = WIDE[middle] ?? [0, 0];
    if (code < first) high = middle - 1;
    else if (code > last) low = middle + 1;
    else return true;
  }
  return false;
}

const ASCII = /^[\x20-\x7e]*$/;
const MARK = /\p{M}/u;
/** Unicode makes exactly these wide among the emoji (UAX #11, section 5). */
const EMOJI = /\p{Emoji_Presentation}/u;
/** East Asian Width W and F (UAX #11) beside the emoji, neighbouring blocks joined. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0x4dbf],
  [0x4e00, 0xa4c6],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xd7b0, 0xd7fb],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18d08],
  [0x1aff0, 0x1b2fb],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];
