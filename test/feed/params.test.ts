import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRequest, parseSubscribe, parseSubscribeQuery } from "../../src/feed/params.ts";
import { DEFAULT_LIMITS, RpcError } from "../../src/feed/protocol.ts";

describe("subscribe", () => {
  it("fills in what was left out", () => {
    expect(parseSubscribe({ events: ["flow.done"] }, DEFAULT_LIMITS)).toEqual({
      events: new Set(["flow.done"]),
      since: "now",
      bodies: "inline",
      maxInline: 16384,
      overflow: "gap",
    });
  });

  it.each<[string[], string[]]>([
    [["flow.*"], ["flow.request", "flow.response", "flow.done", "flow.failed"]],
    [
      ["tls.*", "flow.done", "flow.done"],
      ["tls.failed", "flow.done"],
    ],
    [["*"], ["flow.request", "flow.response", "flow.done", "flow.failed", "tls.failed"]],
  ])("%j means %j", (events, names) => {
    expect([...parseSubscribe({ events }, DEFAULT_LIMITS).events]).toEqual(names);
  });

  it("ignores fields that it does not know, as later versions have more", () => {
    expect(parseSubscribe({ events: ["flow.done"], headers: "list" }, DEFAULT_LIMITS)).not.toHaveProperty("headers");
  });

  it.each<[string, unknown, number, object]>([
    ["no params", undefined, -32602, { path: "events" }],
    ["an array", ["flow.done"], -32602, {}],
    ["no events", { events: [] }, -32602, { path: "events" }],
    ["a typo", { events: ["flow.doen"] }, -32602, { path: "events.0", didYouMean: "flow.done" }],
    ["a typo in a family", { events: ["flow.done", "flows.*"] }, -32602, { path: "events.1", didYouMean: "flow.*" }],
    ["something else", { events: ["xyzzy"] }, -32602, { path: "events.0" }],
    ["bodies of another kind", { events: ["*"], bodies: "stream" }, -32602, { path: "bodies" }],
    ["too large bodies", { events: ["*"], maxInline: 65537 }, -32602, { path: "maxInline" }],
    ["a negative size", { events: ["*"], maxInline: -1 }, -32602, { path: "maxInline" }],
    ["a position without a run", { events: ["*"], since: { seq: 1 } }, -32602, {}],
    ["a filter, until there is a language for it", { events: ["*"], filter: "host:api" }, -32002, {}],
  ])("refuses %s", (_title, params, code, data) => {
    expect(() => parseSubscribe(params, DEFAULT_LIMITS)).toThrow(expect.objectContaining({ code }));
    if (Object.keys(data).length === 0) return;
    expect(() => parseSubscribe(params, DEFAULT_LIMITS)).toThrow(
      expect.objectContaining({ data: expect.objectContaining(data) }),
    );
  });

  it("reads the same from a URL", () => {
    const query = new URLSearchParams("events=flow.done,tls.*&since=01JD3-7&bodies=none&maxInline=10&overflow=close");
    expect(parseSubscribeQuery(query, { events: "" }, DEFAULT_LIMITS)).toEqual({
      events: new Set(["flow.done", "tls.failed"]),
      since: { epoch: "01JD3", seq: 7 },
      bodies: "none",
      maxInline: 10,
      overflow: "close",
    });
  });
});

it("any text is a request or an RpcError, never another exception", () => {
  const json = fc.json().map((text) => `{"jsonrpc":"2.0","method":"subscribe","params":${text}}`);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), json), (text) => {
      try {
        parseSubscribe(parseRequest(text).params, DEFAULT_LIMITS);
      } catch (error) {
        expect(error).toBeInstanceOf(RpcError);
      }
    }),
  );
});
