import { describe, expect, it } from "vitest";
import { converseUnread } from "../support/conversation.ts";
import { settle } from "../support/until.ts";

describe("a tunnel", () => {
  it("relays both ways, and counts", async () => {
    const { client, upstream, tape, over } = await converseUnread();
    client.sends("ping");
    await upstream.receives("ping");
    upstream.sends("pong!");
    await client.receives("pong!");
    client.ends();
    await upstream.seesEnd();
    upstream.ends();
    await client.seesEnd();
    await over;
    await tape.shows(["tunnel: unknown-protocol", "> body: ping", "< body: pong!", "done"]);
    expect(tape.totals(1)).toMatchObject({ requestContent: 4, responseContent: 5, requestWire: 4, responseWire: 5 });
    expect([client.near.destroyed, upstream.near.destroyed]).toEqual([true, true]);
  });

  it.each([
    ["client", "upstream"],
    ["upstream", "client"],
  ] as const)("is half closed by the %s, and the other one may go on", async (first, second) => {
    const { [first]: one, [second]: other, tape } = await converseUnread();
    one.sends("my last").ends();
    expect(await other.receivesRest()).toBe("my last");
    for (const text of ["still", "talking"]) {
      other.sends(text);
      await one.receives(text);
    }
    other.ends();
    await one.seesEnd();
    expect(tape.lines(1).at(-1)).toBe("done");
  });

  it.each([
    ["client", "resets", "upstream", "client-reset"],
    ["client", "vanishes", "upstream", "client-closed"],
    ["upstream", "resets", "client", "upstream-reset"],
    ["upstream", "vanishes", "client", "upstream-reset"],
  ] as const)("is aborted when the %s %s", async (first, how, second, code) => {
    const { [first]: one, [second]: other, tape, over } = await converseUnread();
    one.sends("half");
    await other.receives("half");
    one[how]();
    await settle();
    await other.seesAbort();
    await over;
    expect(tape.lines(1).at(-1)).toBe(`failed: ${code}`);
    expect(tape.failure(1)).toMatchObject(first === "client" ? { requestContent: 4 } : { responseContent: 4 });
  });

  it.each([
    ["client", "clientGone", true, "client-closed"],
    ["upstream", "upstreamGone", "closed", "upstream-reset"],
  ] as const)("ends if the %s is gone before it begins", async (_side, option, value, code) => {
    const { client, upstream, tape, over } = await converseUnread({ [option]: value });
    await over;
    await client.isLetGo();
    await upstream.isLetGo();
    await tape.shows(["tunnel: unknown-protocol", `failed: ${code}`]);
  });

  it("relays what was read before, in front of the rest, also of a client that has ended", async () => {
    const { client, upstream, tape } = await converseUnread({ early: "first " });
    client.sends("second").ends();
    expect(await upstream.receivesRest()).toBe("first second");
    upstream.ends();
    await client.seesEnd();
    expect(tape.totals(1)).toMatchObject({ requestContent: 12, requestWire: 12 });
  });

  describe.each([
    ["client", "upstream"],
    ["upstream", "client"],
  ] as const)("whose %s does not read", (first, second) => {
    const piece = Buffer.alloc(64 * 1024, "0123456789abcdef");
    const pieces = Array<Buffer>(32).fill(piece);

    it(`stops the ${second}; nothing is lost when it goes on`, async () => {
      const { [first]: slow, [second]: fast } = await converseUnread();
      slow.stopsReading();
      fast.sends(...pieces);
      await settle();
      expect(slow.near.writableLength).toBeLessThan(4 * piece.length);
      expect(fast.stream.writableLength).toBeGreaterThan(24 * piece.length);
      slow.goesOnReading();
      await slow.receives(Buffer.concat(pieces));
    });

    it(`gets everything, though the ${second} ended long ago and it had ended itself`, async () => {
      const { [first]: slow, [second]: fast, tape } = await converseUnread();
      slow.stopsReading().ends();
      fast.sends(...pieces).ends();
      await settle();
      expect(tape.isOver(1)).toBe(false);
      slow.goesOnReading();
      await slow.receives(Buffer.concat(pieces));
      await slow.seesEnd();
      expect(tape.lines(1).at(-1)).toBe("done");
    });
  });
});
