import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dechunk, parseFields, parseHead, parseRequestLine, parseStatusLine } from "../../src/wire/http1-message.ts";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

describe("a head", () => {
  it("keeps order, case and duplicates, and drops white space around values", () => {
    expect(parseHead(latin1("GET / HTTP/1.1\r\nHost: a\r\nx-B:\t1 \r\nX-b:2\r\n\r\n"))).toEqual({
      startLine: "GET / HTTP/1.1",
      fields: [
        ["Host", "a"],
        ["x-B", "1"],
        ["X-b", "2"],
      ],
    });
  });

  it.each([
    ["cut in a name", "GET / HTTP/1.1\r\nHos", [["Hos", ""]]],
    ["cut in a value", "GET / HTTP/1.1\r\nHost: exa", [["Host", "exa"]]],
    ["cut behind CR", "GET / HTTP/1.1\r\nHost: a\r", [["Host", "a\r"]]],
    [
      "that ends its lines with LF",
      "GET / HTTP/1.1\nHost: a\nX: b\n\n",
      [
        ["Host", "a"],
        ["X", "b"],
      ],
    ],
    [
      "with a line that has no colon",
      "GET / HTTP/1.1\r\nnonsense\r\nX: b\r\n\r\n",
      [
        ["nonsense", ""],
        ["X", "b"],
      ],
    ],
    ["with a space before a colon", "GET / HTTP/1.1\r\nX : b\r\n\r\n", [["X ", "b"]]],
    [
      "with a folded line",
      "GET / HTTP/1.1\r\nX: b\r\n c: d\r\n\r\n",
      [
        ["X", "b"],
        [" c", "d"],
      ],
    ],
    ["with a bare CR", "GET / HTTP/1.1\r\nX: a\rY: b\r\n\r\n", [["X", "a\rY: b"]]],
    ["with an empty name", "GET / HTTP/1.1\r\n: b\r\n\r\n", [["", "b"]]],
    ["with bytes above 0x7f, NBSP among them", "GET / HTTP/1.1\r\nX: \xa0\xe9\xa0\r\n\r\n", [["X", "\xa0\xe9\xa0"]]],
    ["with a body behind it", "GET / HTTP/1.1\r\nX: b\r\n\r\nY: c\r\n", [["X", "b"]]],
    ["without fields", "GET / HTTP/1.1\r\n\r\n", []],
    ["without an end to its first line", "GET /", []],
    ["of nothing", "", []],
  ])("%s is read as far as it goes", (_, text, fields) => {
    expect(parseHead(latin1(text)).fields).toEqual(fields);
  });

  it("trailers are fields without a first line", () => {
    expect(parseFields(latin1("A: b\r\nC: d\r\n"))).toEqual([
      ["A", "b"],
      ["C", "d"],
    ]);
  });

  it("is read from any part of a larger memory", () => {
    const batch = new Uint8Array([120, ...latin1("A: b\r\n"), 120]);
    expect(parseFields(batch.subarray(1, 7))).toEqual([["A", "b"]]);
  });
});

describe("a first line", () => {
  it.each([
    ["GET /a?b HTTP/1.1", { method: "GET", target: "/a?b", version: "1.1" }],
    ["GET /a b HTTP/1.0", { method: "GET", target: "/a b", version: "1.0" }],
    ["GET /", { method: "GET", target: "/", version: "" }],
    ["GET", { method: "GET", target: "", version: "" }],
    ["GET HTTP/1.1", { method: "GET", target: "", version: "1.1" }],
    ["", { method: "", target: "", version: "" }],
  ])("of a request: %j", (line, parts) => {
    expect(parseRequestLine(line)).toEqual(parts);
  });

  it.each([
    ["HTTP/1.1 200 OK", { version: "1.1", status: 200, reason: "OK" }],
    ["HTTP/1.1 404 Not Found", { version: "1.1", status: 404, reason: "Not Found" }],
    ["HTTP/1.0 204", { version: "1.0", status: 204, reason: "" }],
    ["HTTP/1.1 200 ", { version: "1.1", status: 200, reason: "" }],
    ["HTTP/1.1 2000 OK", { version: "1.1", status: 0, reason: "2000 OK" }],
    ["HTTP/1.1", { version: "1.1", status: 0, reason: "" }],
    ["nonsense", { version: "", status: 0, reason: "nonsense" }],
    ["", { version: "", status: 0, reason: "" }],
  ])("of a response: %j", (line, parts) => {
    expect(parseStatusLine(line)).toEqual(parts);
  });
});

describe("a chunked body", () => {
  const decoded = (text: string): [string, boolean] => {
    const { content, complete } = dechunk(latin1(text));
    return [Buffer.from(content).toString("latin1"), complete];
  };

  it.each([
    ["whole", "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n", ["hello!", true]],
    ["with trailers", "1\r\nx\r\n0\r\nA: b\r\n\r\n", ["x", true]],
    ["cut in the trailers", "1\r\nx\r\n0\r\nA: b\r\n", ["x", false]],
    ["cut in the data", "5\r\nhel", ["hel", false]],
    ["cut behind the data", "5\r\nhello", ["hello", false]],
    ["cut in a size", "5\r\nhello\r\n1", ["hello", false]],
    ["with an immense size", "ffffffffffffffff\r\nhel", ["hel", false]],
    ["that is none", "<html>\r\n", ["", false]],
    ["of nothing", "", ["", false]],
  ] as const)("%s", (_, text, expected) => {
    expect(decoded(text)).toEqual(expected);
  });

  it("of a mebibyte in chunks of one byte", () => {
    expect(dechunk(latin1(`${"1\r\nx\r\n".repeat(1 << 18)}0\r\n\r\n`))).toMatchObject({
      complete: true,
      content: { length: 1 << 18 },
    });
  });
});

it("nothing throws, whatever the bytes", () => {
  const octets = fc.array(fc.constantFrom(..."GET /:0a;\r\n\t HTTP/1.1\0\xff"), { maxLength: 60 });
  fc.assert(
    fc.property(octets, (chars) => {
      const bytes = latin1(chars.join(""));
      const { startLine } = parseHead(bytes);
      parseRequestLine(startLine);
      parseStatusLine(startLine);
      parseFields(bytes);
      expect(dechunk(bytes).content.length).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
