/**
 * The one way from a peer's bytes to a terminal. Whatever goes in, no character that comes out moves the cursor, turns the
 * writing direction, hides, or makes the terminal answer.
 */

/** Where the text is shown: a list wants one short glyph for what can't be shown, a detail view says which it was. */
export type Place = "list" | "detail";

/**
 * One line of text, safe to write to a terminal. Line breaks are neutralised too: split first what has lines.
 *
 * In a list each grapheme becomes its first scalar, so that no two terminals can disagree about its width, and what can't
 * be shown becomes `·`. In detail, C0 becomes its picture (`␛`), tabs are expanded, and the rest reads `⟨U+202E⟩`.
 */
export function printable(text: string, place: Place): string {
  if (PLAIN.test(text)) return text;
  const composed = text.normalize("NFC");
  return place === "list" ? inList(composed) : inDetail(composed);
}

/**
 * Text of the wire as its sender meant it. The feed carries it Latin-1 decoded, one character a byte: if the bytes are
 * valid UTF-8 they are read as that, else they stay Latin-1. The result is not printable yet.
 */
export function wireText(latin1: string): string {
  if (!EIGHT_BIT.test(latin1) || BEYOND_LATIN1.test(latin1)) return latin1;
  try {
    return UTF8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
}

function inList(text: string): string {
  let out = "";
  for (const { segment } of GRAPHEMES.segment(text)) {
    const [first = "", ...rest] = segment;
    const base = shownInList(first);
    // A conjunct of letters (क्ष) is one grapheme, and dropping a letter would change the word.
    const kept =
      base === first ? rest.filter((scalar) => LETTER.test(scalar) && !HIDDEN.test(scalar)) : rest.map(shownInList);
    out += base + kept.join("");
  }
  return out;
}

function shownInList(scalar: string): string {
  if (LONE_SURROGATE.test(scalar)) return "\ufffd";
  return HIDDEN.test(scalar) || MARK.test(scalar) ? "·" : scalar;
}

function inDetail(text: string): string {
  let out = "";
  let column = 0;
  let marks = MAX_MARKS;
  for (const scalar of text) {
    // A variation selector is a mark, and ignorable all the same.
    const isMark = MARK.test(scalar) && !HIDDEN.test(scalar);
    const shown = isMark && marks < MAX_MARKS ? scalar : shownInDetail(scalar, column);
    marks = shown !== scalar ? MAX_MARKS : isMark ? marks + 1 : 0;
    column += shown.length;
    out += shown;
  }
  return out;
}

function shownInDetail(scalar: string, column: number): string {
  const code = scalar.codePointAt(0) ?? 0;
  if (code === 0x09) return " ".repeat(TAB - (column % TAB));
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  if (LONE_SURROGATE.test(scalar)) return "\ufffd";
  if (HIDDEN.test(scalar) || MARK.test(scalar)) return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  return scalar;
}

const PLAIN = /^[\x20-\x7e]*$/;
const EIGHT_BIT = /[\x80-\xff]/;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;
const LONE_SURROGATE = /\p{Cs}/u;
/**
 * Controls, formats (bidi, zero width, tags), surrogates, private and unassigned code points, line separators, everything
 * that Unicode calls ignorable (variation selectors, fillers), and regional indicators, whose width nobody agrees on.
 */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{1f1e6}-\u{1f1ff}]/u;
const MARK = /\p{M}/u;
const LETTER = /[\p{L}\p{N}]/u;
/** Marks shown on one base: enough for Hebrew and Thai, too few to paint over the lines above. */
const MAX_MARKS = 3;
const TAB = 4;
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
