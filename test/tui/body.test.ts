import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BodyMode,
  type ContentFacts,
  bodyDocument,
  decoderChain,
  suggestedMode,
} from "../../src/tui/body/content.ts";

const FACTS: ContentFacts = { mime: null, charset: null, coding: [], truncated: false };

function shown(bytes: Uint8Array, mode: BodyMode, facts: Partial<ContentFacts> = {}, width = 200): string[] {
  const document = bodyDocument(bytes, { ...FACTS, ...facts }, mode, width);
  return Array.from({ length: document.length }, (_, index) =>
    document
      .line(index)
      .map((span) => span.text)
      .join(""),
  );
}

describe("JSON", () => {
  it.each([
    ["an object", '{"b":1,"a":[true,null]}', ["{", '  "b": 1,', '  "a": [', "    true,", "    null", "  ]", "}"]],
    ["duplicate keys, in their order", '{"a":1,"a":2}', ["{", '  "a": 1,', '  "a": 2', "}"]],
    [
      "numbers as they were written",
      "[1.0,1e400,-0,12345678901234567890]",
      ["[", "  1.0,", "  1e400,", "  -0,", "  12345678901234567890", "]"],
    ],
    ["escapes as they were written", '"\\u00e9\\n\\""', ['"\\u00e9\\n\\""']],
    ["structure inside of strings", '{"a":"{[,:]}"}', ["{", '  "a": "{[,:]}"', "}"]],
    ["empty pairs", '{"a":{},"b":[]}', ["{", '  "a": {},', '  "b": []', "}"]],
    ["one value a line", '{"a":1}\n{"a":2}\n', ["{", '  "a": 1', "}", "{", '  "a": 2', "}"]],
    ["cut in a string", '{"a":"xy', ["{", '  "a": "xy']],
    ["cut after a backslash", '["\\', ["[", '  "\\']],
    ["more closed than opened", "]}", ["", "]", "}"]],
    ["no JSON at all", "hello world", ["hello", "world"]],
    ["control characters in a string", '["\x1b[2J\n"]', ["[", '  "␛[2J␊"', "]"]],
  ])("%s", (_, text, lines) => expect(shown(Buffer.from(text), "json")).toEqual(lines));

  it("that is valid loses nothing but white space", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(JSON.parse(shown(Buffer.from(json), "json", {}, 1e6).join("\n"))).toEqual(JSON.parse(json));
      }),
    );
  });

  it("nested a hundred thousand deep costs no indentation without end", () => {
    const lines = shown(Buffer.from("[".repeat(100_000)), "json");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
  });
});

describe("text", () => {
  it.each([
    ["UTF-8", Buffer.from("ünï"), {}, "ünï", "utf-8 → text"],
    ["Latin-1 where it is no UTF-8", Buffer.from("\xfcn\x9b", "latin1"), {}, "ün⟨U+009B⟩", "latin-1 → text"],
    ["by the named charset", Buffer.from("\u20ac", "utf16le"), { charset: "utf-16le" }, "€", "utf-16le → text"],
    ["by no charset of that name", Buffer.from("é"), { charset: "nonsense" }, "é", "utf-8 → text"],
    ["cut inside a character", Buffer.from("aé").subarray(0, 2), { truncated: true }, "a", "utf-8 → text"],
    ["ending inside a character", Buffer.from("aé").subarray(0, 2), {}, "aÃ", "latin-1 → text"],
    ["a byte order mark is seen", Buffer.from("\ufeffa"), {}, "⟨U+FEFF⟩a", "utf-8 → text"],
    ["an escape sequence", Buffer.from("\x1b]0;title\x07"), {}, "␛]0;title␇", "utf-8 → text"],
  ])("%s", (_, bytes, facts, text, chain) => {
    expect(shown(bytes, "text", facts)).toEqual([text]);
    expect(decoderChain(bytes, { ...FACTS, ...facts }, "text")).toBe(chain);
  });
});

describe("hex", () => {
  it("has offset, bytes and ASCII", () => {
    const bytes = Buffer.from("0123456789abcdef\x1b[");
    expect(shown(bytes, "hex")).toEqual([
      "000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef",
      "000010  1b 5b                                            ·[",
    ]);
    expect(shown(bytes, "hex", {}, 50)[0]).toBe("000000  30 31 32 33 34 35 36 37  01234567");
  });
});

describe("what a body is shown as", () => {
  it.each([
    ["application/json", "{}", "json"],
    ["application/problem+json", "{}", "json"],
    ["application/json", "Not Found", "text"],
    ["application/json", "\0\0", "hex"],
    ["text/html", "<html>", "text"],
    [null, ' {"a": 1}', "json"],
    ["text/plain", "[1, 2]", "json"],
    ["text/plain", "[note] hello", "text"],
    ["image/png", "\x89PNG", "hex"],
    ["image/svg+xml", "<svg/>", "text"],
    ["application/octet-stream", "plain text", "text"],
    [null, "", "text"],
  ] as const)("%s: %j is %s", (mime, body, mode) => {
    expect(suggestedMode(Buffer.from(body), { ...FACTS, mime })).toBe(mode);
  });
});
