import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable, wireText } from "../../src/flow/printable.ts";

const CASES: [what: string, text: string, list: string, detail: string][] = [
  ["plain text", "GET /v1?a=b", "GET /v1?a=b", "GET /v1?a=b"],
  ["an SGR sequence", "\x1b[31mred", "·[31mred", "␛[31mred"],
  ["a bell and a title", "\x1b]0;x\x07", "·]0;x·", "␛]0;x␇"],
  ["C1 controls (CSI as one character)", "\u009b31m", "·31m", "⟨U+009B⟩31m"],
  ["DEL", "a\x7fb", "a·b", "a␡b"],
  ["line breaks", "a\r\nb", "a··b", "a␍␊b"],
  ["line and paragraph separators", "a\u2028b\u2029", "a·b·", "a⟨U+2028⟩b⟨U+2029⟩"],
  ["a turned writing direction", "a\u202etxt.exe", "a·txt.exe", "a⟨U+202E⟩txt.exe"],
  ["bidi isolates and marks", "\u2066a\u2069\u200f\u061c", "·a···", "⟨U+2066⟩a⟨U+2069⟩⟨U+200F⟩⟨U+061C⟩"],
  ["zero width space", "a\u200bb", "a·b", "a⟨U+200B⟩b"],
  ["a byte order mark", "\ufeffa", "·a", "⟨U+FEFF⟩a"],
  ["tag characters", "a\u{e0041}", "a", "a⟨U+E0041⟩"],
  ["a lone surrogate", "a\ud800b", "a\ufffdb", "a\ufffdb"],
  ["a tab", "a\tb", "a·b", "a   b"],
  ["an emoji family", "👨‍👩‍👧!", "👨!", "👨⟨U+200D⟩👩⟨U+200D⟩👧!"],
  ["a skin tone", "👍🏽", "👍", "👍🏽"],
  ["a composed letter", "e\u0301", "é", "é"],
  ["marks without end", "a" + "\u0300\u0301\u0302\u0303\u0304", "à", "à\u0301\u0302\u0303⟨U+0304⟩"],
  ["a variation selector, which is a mark and hidden", "a\ufe00b", "ab", "a⟨U+FE00⟩b"],
  ["a mark with nothing to stand on", "\u0301a", "·a", "⟨U+0301⟩a"],
  ["a conjunct of Devanagari", "क्ष", "कष", "क्ष"],
  ["private use and unassigned", "\ue000\u{50000}", "··", "⟨U+E000⟩⟨U+50000⟩"],
  ["an invisible letter (Hangul filler)", "a\u3164b", "a·b", "a⟨U+3164⟩b"],
  ["a flag", "🇩🇪", "··", "⟨U+1F1E9⟩⟨U+1F1EA⟩"],
  ["CJK", "日本語", "日本語", "日本語"],
];

describe("what a list shows of a hostile text", () => {
  it.each(CASES)("%s", (_, text, list) => expect(printable(text, "list")).toBe(list));
});

describe("what a detail view shows of a hostile text", () => {
  it.each(CASES)("%s", (_, text, __, detail) => expect(printable(text, "detail")).toBe(detail));
});

describe("whatever a peer sends", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
    fc.array(fc.integer({ min: 0, max: 0xff }), { maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes)),
  );
  const unsafe = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

  it("no control, format, surrogate, ignorable or separator reaches the terminal", () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(printable(text, "list")).not.toMatch(unsafe);
        expect(printable(text, "detail")).not.toMatch(unsafe);
        expect(printable(wireText(text), "detail")).not.toMatch(unsafe);
      }),
      { numRuns: 500 },
    );
  });

  it("a list shows no marks at all, a detail view never more than three on one base", () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(printable(text, "list")).not.toMatch(/\p{M}/u);
        expect(printable(text, "detail")).not.toMatch(/\p{M}{4}/u);
      }),
    );
  });

  it("text that is printable stays as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => void expect(printable(text, "list")).toBe(text)),
    );
  });
});

describe("text of the wire", () => {
  const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
  it.each([
    ["ASCII", "abc", "abc"],
    ["UTF-8", latin1("ünïcode 日本 😀"), "ünïcode 日本 😀"],
    ["bytes that are no UTF-8 stay Latin-1", "caf\xe9 \x9b", "caf\xe9 \x9b"],
    ["UTF-8 of a C1 control is decoded, for printable to see", latin1("\u009b"), "\u009b"],
    ["text that was decoded before is left alone", "日本\xc3\xa9", "日本\xc3\xa9"],
    ["a byte order mark is kept", latin1("\ufeffa"), "\ufeffa"],
  ])("%s", (_, text, expected) => expect(wireText(text)).toBe(expected));
});
