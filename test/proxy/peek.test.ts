import { duplexPair } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { peek } from "../../src/proxy/peek.ts";
import { settle } from "../support/until.ts";

/** "yes" or "no" as soon as there are three bytes. */
const threeBytes = (bytes: Buffer): string | null =>
  bytes.length < 3 ? null : bytes.toString().startsWith("abc") ? "yes" : "no";
const FOREVER = { timeoutMs: 1_000_000 };

/** Everything that can be read from a stream that was peeked at. */
function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve(text));
    stream.resume();
  });
}

describe("a peek", () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ["in one piece", ["abcdef"]],
    ["byte by byte", [..."abcdef"]],
    ["with more behind it", ["ab", "c", "def"]],
  ])("decides on the first bytes and leaves all of them in the stream: %s", async (_title, pieces) => {
    const [near, far] = duplexPair();
    const peeking = peek(near, threeBytes, FOREVER);
    for (const piece of pieces) far.write(piece);
    expect(await peeking).toMatchObject({ outcome: "decided", value: "yes" });
    await settle();
    expect(near.isPaused()).toBe(true);
    far.end();
    expect(await readAll(near)).toBe("abcdef");
  });

  it("can be followed by another one, and by reading", async () => {
    const [near, far] = duplexPair();
    far.write("abcd");
    await peek(near, threeBytes, FOREVER);
    expect(await peek(near, (bytes) => bytes.toString("latin1"), FOREVER)).toMatchObject({ value: "abcd" });
    far.end("ef");
    expect(await readAll(near)).toBe("abcdef");
  });

  it("tells that the peer ended before there was enough, and what it had sent", async () => {
    const [near, far] = duplexPair();
    far.end("ab");
    const peeked = await peek(near, threeBytes, FOREVER);
    expect(peeked).toMatchObject({ outcome: "ended", error: null });
    expect(peeked.bytes.toString()).toBe("ab");
  });

  it("tells of a reset, with its error", async () => {
    const [near] = duplexPair();
    const peeking = peek(near, threeBytes, FOREVER);
    near.destroy(new Error("read ECONNRESET"));
    expect(await peeking).toMatchObject({ outcome: "ended", error: new Error("read ECONNRESET") });
  });

  it("tells of a stream that is gone already", async () => {
    const [near] = duplexPair();
    near.destroy();
    await settle();
    expect(await peek(near, threeBytes, FOREVER)).toMatchObject({ outcome: "ended" });
  });

  it.each(["timeout", "aborted"] as const)(
    "that does not come to a decision (%s) consumes nothing",
    async (outcome) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const [near, far] = duplexPair();
      const aborting = new AbortController();
      const peeking = peek(near, threeBytes, { timeoutMs: 1000, signal: aborting.signal });
      far.write("ab");
      await settle();
      if (outcome === "timeout") vi.advanceTimersByTime(1000);
      else aborting.abort();
      expect(await peeking).toMatchObject({ outcome });
      far.end("c");
      expect(await readAll(near)).toBe("abc");
    },
  );

  it("whose signal was aborted before takes no part", async () => {
    const [near, far] = duplexPair();
    far.write("abc");
    expect(await peek(near, threeBytes, { ...FOREVER, signal: AbortSignal.abort() })).toMatchObject({
      outcome: "aborted",
    });
    far.end();
    expect(await readAll(near)).toBe("abc");
  });

  it("leaves nothing behind: no listener and no timer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [near, far] = duplexPair();
    const events = ["readable", "end", "error", "close"];
    const before = events.map((event) => near.listenerCount(event));
    far.write("abc");
    await peek(near, threeBytes, FOREVER);
    expect(events.map((event) => near.listenerCount(event))).toEqual(before);
    expect(vi.getTimerCount()).toBe(0);
  });
});
