import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Filter, type FilterFacts, matches, parseFilter } from "../../src/flow/filter.ts";

const FACTS: FilterFacts = {
  url: "https://API.example.com:8443/v1/Users?page=2&q=a b",
  host: "API.example.com",
  method: "POST",
  status: 404,
};

function filtered(text: string, facts: Partial<FilterFacts> = {}): boolean {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
  return matches(parsed.filter, { ...FACTS, ...facts });
}

describe("a filter finds", () => {
  it.each([
    ["", "everything if it is empty"],
    [" \t ", "everything if it is blank"],
    ["users", "a word in the URL, whatever its case"],
    ["USERS v1", "all words"],
    ["users and v1", "all words, said"],
    ["users & v1", "all words, as mitmproxy says it"],
    ['"a b"', "a quoted text with a blank"],
    ['"or"|"and" or example', "a keyword in quotes, as a word"],
    ["https://api.example.com:8443/v1", "a URL, for all its colons"],
    ["?page=2&q", "a query, as a word that begins with no letter"],
    ["nothing or users", "either"],
    ["nothing|users", "either, without blanks"],
    ["nothing or users v1", "and before or"],
    ["users (nothing or v1)", "a group"],
    ["not nothing", "what does not have it"],
    ["!nothing -other", "what does not have it, short"],
    ["not not users", "twice not"],
    ["-(nothing or other)", "what is not in a group"],
    ["host:example", "a part of the host"],
    ["HOST:EXAMPLE", "a part of the host, shouted"],
    ["host=api.EXAMPLE.com", "a whole host"],
    ['host:"api.example.com"', "a quoted value"],
    ["host!=example.com", "another host"],
    ["url:users", "a part of the URL"],
    ["method:post", "a method"],
    ["method!=GET", "another method"],
    ["status:404", "a status"],
    ["status=404", "a status, with ="],
    ["status:4xx", "a family"],
    ["status:4XX", "a family, shouted"],
    ["status:400-499", "a range"],
    ["status:>=400", "a comparison after the colon"],
    ["status>=404", "a comparison"],
    ["status>403 status<405 status<=404", "comparisons"],
    ["status!=5xx", "another family"],
    ["~u users ~d example ~m POST ~c 404", "mitmproxy's words"],
    ['~u "a b"', "mitmproxy's words with quotes"],
  ])("%j: %s", (text) => {
    expect(filtered(text)).toBe(true);
  });

  it.each([
    ["nothing"],
    ["users nothing"],
    ["(nothing or users) other"],
    ["-users"],
    ["host=example.com"],
    ["host:8443"],
    ["method=POS"],
    ["status:5xx"],
    ["status<404"],
    ["status:400-403"],
    ["~c 200"],
  ])("not with %j", (text) => {
    expect(filtered(text)).toBe(false);
  });

  it("no flow without a status by its status, and it by not having it", () => {
    expect(filtered("status:>=100", { status: null })).toBe(false);
    expect(filtered("not status:>=100", { status: null })).toBe(true);
  });
});

describe("a mistake is told with its place", () => {
  it.each([
    ["hots:api", 1, "unknown field hots", "host"],
    ["users  sttaus:4xx", 8, "unknown field sttaus", "status"],
    ["page=2", 1, "unknown field page", '"page=2"'],
    ["localhost:8080", 1, "unknown field localhost", '"localhost:8080"'],
    ["__proto__:1 constructor:x", 13, "unknown field constructor", '"constructor:x"'],
    ["size:>1mb", 1, "the field size is not there yet: so far url, host, method, status", undefined],
    [
      "req.header.cookie:a",
      1,
      "the field req.header.cookie is not there yet: so far url, host, method, status",
      undefined,
    ],
    ["host~^api", 5, "regular expressions (~) are not there yet", ":"],
    ["~b password", 1, "~b is not there yet", "~u ~d ~m ~c"],
    ["~u \\.js$", 4, "regular expressions are not there yet, only plain text", undefined],
    ["~u", 1, "~u needs a value: ~u users", undefined],
    ["host:", 6, "a value is missing after host:", undefined],
    ["a host: b", 8, "a value is missing after host:", undefined],
    ["host>a", 5, "host is text: > can't compare it", ":"],
    ["status:40", 8, "a status is 200, 4xx, 400-499 or >=400", "4xx"],
    ["status:499-400", 8, "a status is 200, 4xx, 400-499 or >=400", "4xx"],
    ["status:>=4xx", 10, ">= compares with one status, not with several", "400"],
    ["status>999", 8, "no status is >999: they go from 100 to 999", undefined],
    ['a "b', 3, "this quote does not end", undefined],
    ["(a", 1, "there is no ) for this (", undefined],
    ["a)", 2, "there is no ( for this )", undefined],
    ["a or", 5, "something is missing at the end", undefined],
    ["or a", 1, "a condition is missing before this or", undefined],
    ["()", 2, "a condition is missing before this )", undefined],
    ["a not", 6, "something is missing at the end", undefined],
    ["(".repeat(51), 51, "more than 50 levels deep", undefined],
    ["-".repeat(51), 51, "more than 50 levels deep", undefined],
    ["a".repeat(4097), 4097, "a filter has at most 4096 characters", undefined],
  ])("%j", (text, column, message, suggestion) => {
    const error = { column, message, ...(suggestion !== undefined && { suggestion }) };
    expect(parseFilter(text)).toEqual({ ok: false, error });
  });
});

describe("any text", () => {
  const piece = fc.oneof(
    fc.constantFrom(...'( ) | ! - ~ : = != >= < " \\ & and or not host: status: method= 4xx 400-499 ~u ~c'.split(" ")),
    fc.string({ maxLength: 5, unit: "binary" }),
    fc.constant(" "),
  );

  it("is a filter, or a mistake at a place in it", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        const parsed = parseFilter(text);
        if (parsed.ok) return typeof matches(parsed.filter, FACTS) === "boolean";
        const { column, message } = parsed.error;
        return message !== "" && column >= 1 && column <= text.length + 1;
      }),
      { numRuns: 2000 },
    );
  });

  it("as long as may be is read in no time", () => {
    for (const text of ["(a)".repeat(1365), "a ".repeat(2048), '"'.repeat(4096), "\\".repeat(4096), "a.".repeat(2048)])
      expect(parseFilter(text.slice(0, 4096)).ok).toBe(true);
  });
});

describe("a filter that is written out", () => {
  const value = fc.string({ maxLength: 8, unit: "binary" }).map((text) => text.toLowerCase());
  const condition: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({
      type: fc.constant("text" as const),
      field: fc.constantFrom("url" as const, "host" as const, "method" as const),
      op: fc.constantFrom("contains" as const, "is" as const),
      value,
    }),
    fc.tuple(fc.integer({ min: 100, max: 999 }), fc.integer({ min: 100, max: 999 })).map(([a, b]) => ({
      type: "status" as const,
      low: Math.min(a, b),
      high: Math.max(a, b),
    })),
  );
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      condition,
      fc.record({ type: fc.constant("not" as const), filter: tie("filter") }),
      fc.record({
        type: fc.constantFrom("and" as const, "or" as const),
        filters: fc.array(tie("filter"), { minLength: 2, maxLength: 3 }),
      }),
    ),
  }));

  it("reads back as the same filter", () => {
    fc.assert(
      fc.property(filter, (original) => {
        const text = written(original);
        fc.pre(text.length <= 4096);
        expect(parseFilter(text)).toEqual({ ok: true, filter: original });
      }),
      { numRuns: 500 },
    );
  });
});

function written(filter: Filter): string {
  switch (filter.type) {
    case "all":
      return "";
    case "not":
      return `not (${written(filter.filter)})`;
    case "and":
    case "or":
      return filter.filters.map((one) => `(${written(one)})`).join(` ${filter.type} `);
    case "text":
      return `${filter.field}${filter.op === "is" ? "=" : ":"}"${filter.value.replace(/["\\]/g, "\\$&")}"`;
    case "status":
      return `status:${filter.low}-${filter.high}`;
  }
}
