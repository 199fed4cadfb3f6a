import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createEventJson } from "../../src/feed/event-json.ts";
import type { Bodies } from "../../src/feed/params.ts";
import type { FlowDone } from "../../src/flow/events.ts";
import { type FakeBody, FakeFlowSource, flowDone, flowWithBody } from "../support/fake-flow-source.ts";

describe("an inline body", () => {
  const PNG = Buffer.from("89504e470d0a1a0a", "hex");
  const rows: [string, FakeBody, object][] = [
    ["text as it is", { content: '{"q":1}' }, { encoding: "utf8", text: '{"q":1}' }],
    ["an empty one", { content: "" }, { encoding: "utf8", text: "" }],
    ["what is not UTF-8 as base64", { content: PNG }, { encoding: "base64", text: PNG.toString("base64") }],
    ["codings undone", { content: gzipSync("hello"), coding: ["gzip"] }, { encoding: "utf8", text: "hello" }],
    [
      "several codings undone",
      { content: brotliCompressSync(gzipSync("hello")), coding: ["gzip", "br"] },
      { encoding: "utf8", text: "hello" },
    ],
    ["up to the limit", { content: "x".repeat(100) }, { encoding: "utf8", text: "x".repeat(100) }],
    ["that was cut on its way", { content: "hel", size: 3, complete: false }, { text: "hel", truncated: true }],
  ];
  it.each(rows)("%s", (_title, body, expected) => {
    expect(bodyOf(body, "inline")).toMatchObject(expected);
    expect(bodyOf(body, "inline")).not.toHaveProperty("ref");
  });

  const larger: [string, FakeBody][] = [
    ["one byte more than the limit", { content: "x".repeat(101) }],
    ["a small one that decodes to more", { content: gzipSync("x".repeat(101)), coding: ["gzip"] }],
    ["one of which nothing was kept", { content: "", size: 5000 }],
  ];
  it.each(larger)("is a reference for %s", (_title, body) => {
    expect(bodyOf(body, "inline")).toMatchObject({ ref: "f_1/res", truncated: true });
    expect(bodyOf(body, "inline")).not.toHaveProperty("text");
  });

  it("that can't be decoded is given as sent, with the reason", () => {
    const body = bodyOf({ content: "not gzip", coding: ["gzip"] }, "inline");
    expect(body).toMatchObject({ text: "not gzip", undecodable: expect.any(String) });
  });

  it("that was evicted is a reference", () => {
    const source = new FakeFlowSource();
    source.append(flowWithBody(source, "f_1", { content: "x" }));
    source.bodies.clear();
    expect(parse(source, "inline").res?.body).toMatchObject({ ref: "f_1/res", truncated: true });
  });
});

it("bodies: none leaves out even the facts", () => {
  expect(bodyOf({ content: "x" }, "none")).toBeNull();
});

it("bodies: meta has the facts and no content", () => {
  expect(bodyOf({ content: "x" }, "meta")).toEqual({ size: 1, kept: 1, mime: "text/plain", coding: [] });
});

it("hostile text stays valid JSON on one line", () => {
  const source = new FakeFlowSource();
  const url = 'https://x/\u0000\n\u001b]0;t\u0007"\u2028\ud800\\';
  source.append(flowDone("f_1", { url }));
  const entry = source.at(1);
  const text = entry ? createEventJson(source)(entry, "inline", 100) : "";
  expect([...text].filter((character) => character < " ")).toEqual([]);
  expect(JSON.parse(text).url).toBe(url);
});

it("an event's text is made once for all that ask for the same", () => {
  const source = new FakeFlowSource();
  source.append(flowDone("f_1"), flowWithBody(source, "f_2", { content: gzipSync("hello"), coding: ["gzip"] }));
  let reads = 0;
  const { body } = source;
  source.body = (...args) => {
    reads += 1;
    return body.apply(source, args);
  };
  const json = createEventJson(source);
  for (let subscriber = 0; subscriber < 4; subscriber += 1) {
    for (const seq of [1, 2]) {
      const entry = source.at(seq);
      if (entry) json(entry, "inline", 100);
    }
  }
  expect({ serialised: source.serialised, reads }).toEqual({ serialised: 1, reads: 1 });
});

function bodyOf(body: FakeBody, bodies: Bodies) {
  const source = new FakeFlowSource();
  source.append(flowWithBody(source, "f_1", body));
  return parse(source, bodies).res?.body;
}

function parse(source: FakeFlowSource, bodies: Bodies): FlowDone {
  const entry = source.at(1);
  if (!entry) throw new Error("nothing was appended");
  return JSON.parse(createEventJson(source)(entry, bodies, 100)) as FlowDone;
}
