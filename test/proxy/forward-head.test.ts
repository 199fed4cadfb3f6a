import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forwardHead, requestTarget } from "../../src/proxy/forward-head.ts";
import { parseHead } from "../../src/wire/http1-message.ts";
import { parseAbsoluteForm } from "../../src/wire/target.ts";

/** What goes upstream for this request line and these field lines, without the empty line. */
function forward(...lines: string[]) {
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  const target = parseAbsoluteForm(requestTarget(head));
  if (target === null) throw new Error("not an absolute form");
  const { head: forwarded, changes, upgrade } = forwardHead(head, target);
  const text = forwarded.toString("latin1");
  expect(text.endsWith("\r\n\r\n")).toBe(true);
  return { lines: text.slice(0, -4).split("\r\n"), changes, upgrade };
}

const LINE = "GET http://example.test/a?b HTTP/1.1";
const HOST = "Host: example.test";

describe("the target of a plain-HTTP request", () => {
  it.each([
    ["GET http://example.test/a?b HTTP/1.1", "GET /a?b HTTP/1.1"],
    ["GET http://example.test HTTP/1.1", "GET / HTTP/1.1"],
    ["GET http://example.test?q HTTP/1.1", "GET /?q HTTP/1.1"],
    ["GET HTTP://EXAMPLE.test/A HTTP/1.0", "GET /A HTTP/1.0"],
    ["FOO-bar http://example.test/%7e/../x HTTP/1.1", "FOO-bar /%7e/../x HTTP/1.1"],
    ["GET https://example.test/ HTTP/1.1", "GET / HTTP/1.1"],
    // RFC 9112 3.2.4
    ["OPTIONS http://example.test HTTP/1.1", "OPTIONS * HTTP/1.1"],
    ["OPTIONS http://example.test/ HTTP/1.1", "OPTIONS / HTTP/1.1"],
    ["OPTIONS http://example.test?x HTTP/1.1", "OPTIONS /?x HTTP/1.1"],
  ])("%s goes upstream as %s", (line, expected) => {
    const { lines, changes } = forward(line, HOST);
    expect(lines[0]).toBe(expected);
    const [, before] = line.split(" ");
    const [, after] = expected.split(" ");
    expect(changes[0]).toEqual({ what: "target", before, after, why: "RFC 9112 3.2.1" });
  });
});

describe("the fields of a plain-HTTP request", () => {
  it.each<[title: string, sent: string[], forwarded: string[]]>([
    [
      "end-to-end fields keep bytes, order, case and duplicates",
      [HOST, "X-A:  1 ", "x-a:2", "Cookie: c\xe9", "X-A:"],
      [HOST, "X-A:  1 ", "x-a:2", "Cookie: c\xe9", "X-A:"],
    ],
    ["the target wins over Host", ["hOsT:  other.test"], ["hOsT: example.test"]],
    ["also if only a no-break space differs", ["Host: example.test\xa0"], ["Host: example.test"]],
    ["Host is added where an HTTP/1.0 client sent none", ["X: 1"], [HOST, "X: 1"]],
    [
      "Connection and what it lists stop here",
      [HOST, "Connection: X-Secret, keep-alive", "X-Secret: 1", "Keep-Alive: 5"],
      [HOST],
    ],
    [
      "in several fields, in any case",
      [HOST, "Connection: x-A", "connection: X-B", "X-a: 1", "x-b: 2", "X-C: 3"],
      [HOST, "X-C: 3"],
    ],
    ["close holds upstream too", [HOST, "Connection: close"], [HOST, "Connection: close"]],
    ["close among others", [HOST, "Connection: X-A, Close", "X-A: 1"], [HOST, "Connection: close"]],
    [
      "Connection can't strip what gives the request its meaning",
      [
        HOST,
        "Connection: Host, Content-Length, Authorization, Transfer-Encoding, Cookie, close",
        "Content-Length: 3",
        "Authorization: Basic x",
        "Cookie: a",
      ],
      [HOST, "Connection: close", "Content-Length: 3", "Authorization: Basic x", "Cookie: a"],
    ],
    [
      "credentials for the proxy never go upstream",
      [HOST, "Proxy-Authorization: Basic x", "proxy-authorization: y"],
      [HOST],
    ],
    ["Proxy-Connection, which old clients send, stops here", [HOST, "Proxy-Connection: keep-alive"], [HOST]],
    ["TE stops here", [HOST, "TE: gzip"], [HOST]],
    ["TE with more than trailers stops here", [HOST, "TE: trailers, gzip", "Connection: TE"], [HOST]],
    [
      "TE: trailers passes, as trailers do",
      [HOST, "TE: trailers", "Connection: TE"],
      [HOST, "TE: trailers", "Connection: TE"],
    ],
    [
      "an upgrade to WebSocket passes",
      [HOST, "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"],
      [HOST, "Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"],
    ],
    [
      "an upgrade to WebSocket does not take along what Connection lists",
      [HOST, "Connection: Upgrade, X-Secret", "Upgrade: WebSocket", "X-Secret: 1"],
      [HOST, "Connection: upgrade", "Upgrade: WebSocket"],
    ],
    [
      "an upgrade to h2c does not pass",
      [HOST, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAM"],
      [HOST],
    ],
    ["nor beside WebSocket", [HOST, "Connection: Upgrade", "Upgrade: websocket, h2c"], [HOST]],
    ["nor in a second field", [HOST, "Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"], [HOST]],
    ["nor one that Connection does not list", [HOST, "Upgrade: websocket"], [HOST]],
  ])("%s", (_title, sent, forwarded) => {
    expect(forward(LINE, ...sent).lines.slice(1)).toEqual(forwarded);
  });

  it("each change is listed, with the rule that demands it", () => {
    const { changes, upgrade } = forward(
      LINE,
      "Host: b",
      "Connection: close, X-A",
      "X-A: 1",
      "Proxy-Authorization: secret",
    );
    expect(upgrade).toBe(false);
    expect(changes.slice(1)).toEqual([
      { what: "Host", before: "b", after: "example.test", why: "RFC 9112 3.2.2" },
      { what: "Connection", before: "close, X-A", after: "close", why: "RFC 9110 7.6.1" },
      { what: "X-A", before: "1", after: null, why: "RFC 9110 7.6.1" },
      { what: "Proxy-Authorization", before: "secret", after: null, why: "RFC 9110 7.6.1" },
    ]);
  });

  it("says whether the request still asks for an upgrade", () => {
    expect(forward(LINE, HOST, "Connection: upgrade", "Upgrade: websocket").upgrade).toBe(true);
    expect(forward(LINE, HOST, "Connection: upgrade", "Upgrade: h2c").upgrade).toBe(false);
  });

  it("whatever a client puts into Connection: framing, Host and credentials arrive, and the proxy's own stop", () => {
    const names = [
      "Host",
      "Content-Length",
      "Authorization",
      "Transfer-Encoding",
      "close",
      "X-A",
      "Connection",
      "TE",
      "Upgrade",
      "",
      "\xff",
    ];
    const option = fc.constantFrom(...names, ...names.map((name) => name.toLowerCase()));
    fc.assert(
      fc.property(fc.array(fc.array(option, { maxLength: 6 }), { maxLength: 4 }), (connections) => {
        const lines = connections.map((options) => `Connection: ${options.join(", ")}`);
        const sent = [
          HOST,
          "Content-Length: 0",
          "Authorization: a",
          "Upgrade: h2c",
          "Proxy-Authorization: p",
          ...lines,
        ];
        const forwarded = Buffer.from(`${forward(LINE, ...sent).lines.join("\r\n")}\r\n\r\n`, "latin1");
        const left = parseHead(forwarded).fields.map(([name]) => name.toLowerCase());
        expect(left.filter((name) => name !== "connection")).toEqual(["host", "content-length", "authorization"]);
      }),
    );
  });
});
