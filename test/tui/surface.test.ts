import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "../../src/flow/printable.ts";
import { wrap } from "../../src/tui/document.ts";
import { Surface } from "../../src/tui/surface.ts";
import { clip, clipMiddle, textWidth } from "../../src/tui/text.ts";
import { PLAIN_ATTR, attr, lookOf } from "../../src/tui/theme.ts";
import { LOOK } from "./fixture.ts";

const text = fc.string({ unit: "grapheme" }).map((any) => printable(any, "detail"));

describe("cutting text", () => {
  it.each([
    ["fits", "abc", 3, "abc", "abc"],
    ["too long", "abcdef", 4, "abc…", "a…ef"],
    ["wide", "日本語", 5, "日本…", "日…語"],
    ["wide, odd", "日本語", 4, "日…", "…語"],
    ["no room", "abc", 0, "", ""],
    ["one column", "abc", 1, "…", "…"],
  ])("%s", (_, from, max, right, middle) => {
    expect(clip(from, max)).toBe(right);
    expect(clipMiddle(from, max)).toBe(middle);
  });

  it("never leaves more than there is room for", () => {
    fc.assert(
      fc.property(text, fc.nat(30), (any, max) => {
        expect(textWidth(clip(any, max))).toBeLessThanOrEqual(max);
        expect(textWidth(clipMiddle(any, max))).toBeLessThanOrEqual(max);
      }),
    );
  });

  it("wrapping loses nothing and no piece is too wide", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), fc.integer({ min: 4, max: 40 }), (texts, width) => {
        const pieces = wrap(
          texts.map((any) => ({ text: any, role: "text" as const })),
          width,
        ).map((line) => line.map((span) => span.text).join(""));
        expect(pieces.join("")).toBe(texts.join(""));
        for (const piece of pieces) expect(textWidth(piece)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("a surface", () => {
  it("keeps every row as wide as the screen, whatever is drawn over what", () => {
    const draw = fc.tuple(fc.nat(4), fc.nat(20), fc.nat(25), text);
    fc.assert(
      fc.property(fc.array(draw, { maxLength: 20 }), (draws) => {
        const surface = new Surface(20, 4, LOOK);
        for (const [y, x, max, any] of draws) expect(surface.put(y, x, max, any)).toBeLessThanOrEqual(Math.max(x, 20));
        for (let y = 0; y < 4; y += 1) {
          const row = surface.glyphs.slice(y * 20, y * 20 + 20);
          expect(textWidth(row.join(""))).toBe(20);
          row.forEach((glyph, x) => expect(textWidth(glyph)).toBe(glyph === "" ? 0 : row[x + 1] === "" ? 2 : 1));
        }
      }),
    );
  });

  it("puts a mark into the cell of its letter", () => {
    const surface = new Surface(5, 1, LOOK);
    expect(surface.put(0, 0, 5, "กี่x")).toBe(2);
    expect(surface.glyphs.slice(0, 2)).toEqual(["กี่", "x"]);
  });
});

describe("colours", () => {
  it("NO_COLOR leaves bold, underline and inverse", () => {
    const look = lookOf({ NO_COLOR: "1", LANG: "de_DE.UTF-8" });
    expect(look).toEqual({ color: false, ascii: false });
    expect(attr(look, "ok")).toBe(PLAIN_ATTR);
    expect(attr(look, "failed") >> 18).toBe(1);
    expect((attr(look, "failed") >> 9) & 0x1ff).toBe(0x1ff);
    expect(attr(look, "text", true) >> 18).toBe(8);
  });

  it.each([
    [{ LANG: "C" }, true],
    [{ LANG: "en_US.UTF-8" }, false],
    [{ LANG: "C.utf8" }, false],
    [{ LANG: "en_US.UTF-8", LC_ALL: "C" }, true],
    [{}, false],
  ])("a locale of %j means ASCII: %s", (env, ascii) => expect(lookOf(env).ascii).toBe(ascii));
});
