import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsoncError, parseJsonc, position, valueOf } from "../../src/config/jsonc.ts";

const read = (text: string): unknown => valueOf(parseJsonc(text));

describe("a config file may hold", () => {
  it.each([
    ["comments to the line's end", '{ // one\n "a": 1 // two\n}', { a: 1 }],
    ["comments between", '/* x */{/**/"a"/*:*/:/***/1/* } */}', { a: 1 }],
    ["trailing commas", '{ "a": [1, 2,], }', { a: [1, 2] }],
    ["what looks like a comment in a text", '{ "a": "// no /* comment */" }', { a: "// no /* comment */" }],
    ["a byte order mark", "\uFEFF{}", {}],
    ["escapes", String.raw`{ "a\u0062": "\"\\\/\b\n\u20AC" }`, { ab: '"\\/\b\n€' }],
    ["no more than a scalar", " -0.5e3 ", -500],
  ])("%s", (_title, text, value) => {
    expect(read(text)).toEqual(value);
  });

  it("whatever JSON.stringify writes, read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 2, "\t"), (text, indent) => {
        const value: unknown = JSON.parse(text);
        expect(read(JSON.stringify(value, null, indent))).toEqual(value);
      }),
    );
  });

  it("a key named __proto__, which is a key like others", () => {
    const value = read('{ "__proto__": { "polluted": true } }');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("a mistake is shown where it stands", () => {
  it.each([
    ["a missing comma", '{\n  "a": 1\n  "b": 2\n}', "3:3", 'expected "," or "}"'],
    ["a key without quotes", "{ a: 1 }", "1:3", 'expected a key in double quotes, or "}"'],
    ["a missing colon", '{ "a" 1 }', "1:7", 'expected ":" after the key'],
    ["a missing value", '{ "a": }', "1:8", "expected a value"],
    ["a key that stands twice", '{ "a": 1,\r\n "a": 2 }', "2:2", 'the key "a" stands twice'],
    ["an open text", '{ "a": "x\n" }', "1:8", "a text that is not closed, or a bad escape in it"],
    ["an open comment", "{} /* ", "1:4", "a comment that is not closed"],
    ["an open brace", '{ "a": [', "1:9", "expected a value"],
    ["text after the end", "{} {}", "1:4", "expected the end of the file"],
    ["nothing at all", "", "1:1", "expected a value"],
    ["a word that only begins well", "[trueish]", "1:2", "expected a value"],
    ["a number that JSON does not have", "[01]", "1:2", "expected a value"],
    ["a tower of brackets", "[".repeat(100_000), "1:34", "nested too deeply"],
  ])("%s", (_title, text, where, message) => {
    const error = failure(text);
    const { line, column } = position(text, error.at);
    expect([`${line}:${column}`, error.message]).toEqual([where, message]);
  });

  it("and never with anything but a JsoncError", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:/*\n1e-tfnulrase\\ ') }), (text) => {
        try {
          parseJsonc(text);
        } catch (error) {
          expect(error).toBeInstanceOf(JsoncError);
        }
      }),
    );
  });
});

function failure(text: string): JsoncError {
  try {
    parseJsonc(text);
  } catch (error) {
    if (error instanceof JsoncError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}
