import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { converse } from "../support/conversation.ts";
import { settle } from "../support/until.ts";

const GET = "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("the time for a head", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("begins with its first byte, and more bytes do not prolong it", async () => {
    const { client, upstream, tape } = await converse({ headTimeoutMs: 1000 });
    client.sends("GET / HT");
    await settle();
    vi.advanceTimersByTime(900);
    client.sends("TP/1.1\r\n");
    await settle();
    vi.advanceTimersByTime(200);
    expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 408 .*plainwire-error: request-timeout\r\n/s);
    await upstream.seesEnd();
    expect(tape.lines(1)).toContain("> GET / HTTP/1.1");
    expect(tape.lines(1).at(-1)).toBe("failed: request-timeout, answered");
  });

  it.each([
    ["between two requests", ""],
    ["after empty lines behind a request", "\r\n\r\n"],
  ])("is endless %s", async (_title, between) => {
    const { client, upstream } = await converse({ headTimeoutMs: 1000 });
    client.sends(GET + between);
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    vi.advanceTimersByTime(100_000);
    client.sends(GET);
    await upstream.receives(GET);
  });

  it("is over once the head is there, however long the body and its answer take", async () => {
    const { client, upstream } = await converse({ headTimeoutMs: 1000 });
    client.sends("POST / HTTP/1.1\r\nHost: a\r\n", "Content-Length: 1\r\n\r\n");
    await settle();
    vi.advanceTimersByTime(100_000);
    client.sends("x");
    await upstream.receivesMatch(/x$/);
    vi.advanceTimersByTime(100_000);
    upstream.sends(OK);
    await client.receives(OK);
  });

  it("does not count once the connection is ending", async () => {
    const { client, upstream, tape } = await converse({ headTimeoutMs: 1000 });
    client.sends("GET / HT");
    upstream.ends();
    await client.seesEnd();
    vi.advanceTimersByTime(100_000);
    expect(tape.flows()).toEqual([]);
  });
});
