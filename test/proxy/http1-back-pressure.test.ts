import { describe, expect, it, onTestFinished, vi } from "vitest";
import { converse } from "../support/conversation.ts";
import { settle, until } from "../support/until.ts";

const GET = "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("back-pressure", () => {
  const piece = Buffer.alloc(64 * 1024, "0123456789abcdef");
  const pieces = 32;
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${piece.length * pieces}\r\n\r\n`;
  const upload = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${piece.length * pieces}\r\n\r\n`;
  const all = Buffer.concat(Array<Buffer>(pieces).fill(piece));

  it("of a client that does not read stops the upstream, and nothing is lost when it goes on", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    client.stopsReading();
    upstream.sends(head, ...Array<Buffer>(pieces).fill(piece));
    await settle();
    expect(client.near.writableLength).toBeLessThan(4 * piece.length);
    expect(upstream.stream.writableLength).toBeGreaterThan(24 * piece.length);
    client.goesOnReading();
    await client.receives(head);
    await client.receives(all);
    expect(tape.lines(1).at(-1)).toBe("done");
  });

  it("of an upstream that does not read stops the client, and nothing is lost when it goes on", async () => {
    const { client, upstream } = await converse();
    upstream.stopsReading();
    client.sends(upload, ...Array<Buffer>(pieces).fill(piece));
    await settle();
    expect(upstream.near.writableLength).toBeLessThan(4 * piece.length);
    expect(client.stream.writableLength).toBeGreaterThan(24 * piece.length);
    upstream.goesOnReading();
    await upstream.receives(upload);
    await upstream.receives(all);
    upstream.sends(OK);
    await client.receives(OK);
  });

  it("of a stopped upload does not hold up the answer to it", async () => {
    const { client, upstream } = await converse();
    upstream.stopsReading();
    client.sends(upload, piece, piece, piece, piece);
    await settle();
    upstream.sends(OK);
    await client.receives(OK);
    upstream.ends();
    await until(
      () => client.near.readableFlowing === true,
      () => "the client's rest to be read and dropped",
    );
    await client.seesEnd();
  });

  it("of a client outlasts the upstream: it gets all there is, however long it takes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { client, upstream, tape } = await converse();
    const response = Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), piece, piece.subarray(0, 16 * 1024)]);
    client.stopsReading();
    client.sends(GET);
    await upstream.receives(GET);
    // So cut, it neither fits into what is on its way to the client, nor stops the upstream.
    for (let at = 0; at < response.length; at += 16 * 1024) {
      upstream.sends(response.subarray(at, at + 16 * 1024));
      await settle();
    }
    upstream.ends();
    await settle();
    expect(client.near.writableEnded && client.near.writableLength > 0, "waits for the client").toBe(true);
    vi.advanceTimersByTime(100_000);
    await settle();
    client.goesOnReading();
    await client.receives(response);
    await client.seesEnd();
    expect(tape.lines(1).at(-1)).toBe("done");
  });
});
