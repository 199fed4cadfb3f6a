import { describe, expect, it } from "vitest";
import { converse } from "../support/conversation.ts";

const GET = "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const UPGRADE = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const CONNECT = "CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n";

describe("an upgrade", () => {
  it("hands both sides' bytes on, those right behind the heads too", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(`${UPGRADE}early`);
    await upstream.receives(UPGRADE);
    await upstream.receivesNothing();
    upstream.sends(`${SWITCH}\x81\x02hi`);
    await client.receives(`${SWITCH}\x81\x02hi`);
    await upstream.receives("early");
    client.sends("more");
    await upstream.receives("more");
    upstream.sends("again");
    await client.receives("again");
    client.ends();
    await upstream.seesEnd();
    upstream.sends("last").ends();
    expect(await client.receivesRest()).toBe("last");
    await tape.shows(
      ["> GET /ws HTTP/1.1", "< HTTP/1.1 101 Switching Protocols", "done"],
      ["tunnel: upgrade", "> body: early", "< body: \x81\x02hi", "> body: more", "< body: againlast", "done"],
    );
  });

  it.each([
    ["byte by byte", (text: string) => [...text]],
    ["in one piece", (text: string) => [text]],
  ])("loses nothing %s", async (_title, pieces) => {
    const { client, upstream } = await converse();
    client.sends(...pieces(`${UPGRADE}abcdef`));
    await upstream.receives(UPGRADE);
    upstream.sends(...pieces(`${SWITCH}uvwxyz`));
    await client.receives(`${SWITCH}uvwxyz`);
    await upstream.receives("abcdef");
  });

  it("that the upstream refuses is a normal response; the connection lives on, and held bytes go on", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(UPGRADE + GET);
    await upstream.receives(UPGRADE);
    await upstream.receivesNothing();
    upstream.sends(OK);
    await client.receives(OK);
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    await tape.shows(
      ["> GET /ws HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
    );
  });

  it("behind another request waits for nothing but its own answer", async () => {
    const { client, upstream } = await converse();
    client.sends(GET + UPGRADE);
    await upstream.receives(GET + UPGRADE);
    upstream.sends(OK + SWITCH);
    await client.receives(OK + SWITCH);
    client.sends("frames");
    await upstream.receives("frames");
  });

  it("of a client that ends its half while it waits: what it sent before still arrives", async () => {
    const { client, upstream } = await converse();
    client.sends(`${UPGRADE}early`).ends();
    await upstream.receives(UPGRADE);
    upstream.sends(`${SWITCH}hello`).ends();
    expect(await client.receivesRest()).toBe(`${SWITCH}hello`);
    expect(await upstream.receivesRest()).toBe("early");
  });

  it("is cut like any tunnel when one side is reset", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(UPGRADE);
    await upstream.receives(UPGRADE);
    upstream.sends(SWITCH);
    await client.receives(SWITCH);
    client.resets();
    await upstream.seesAbort();
    await tape.shows(
      ["> GET /ws HTTP/1.1", "< HTTP/1.1 101 Switching Protocols", "done"],
      ["tunnel: upgrade", "failed: client-reset"],
    );
  });
});

describe("CONNECT inside a tunnel", () => {
  it("is the upstream's to answer; 200 opens a tunnel, whatever its fields say", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(`${CONNECT}\x00\x01`);
    await upstream.receives(CONNECT);
    const established = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    upstream.sends(`${established}banner`);
    await client.receives(`${established}banner`);
    await upstream.receives("\x00\x01");
    expect(tape.lines(1)).toEqual(["> CONNECT db:5432 HTTP/1.1", "< HTTP/1.1 200 OK", "done"]);
    expect(tape.lines(2)[0]).toBe("tunnel: upgrade");
  });

  it("that is refused has a body like any answer, and the connection lives on", async () => {
    const { client, upstream } = await converse();
    client.sends(CONNECT + GET);
    await upstream.receives(CONNECT);
    const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
    upstream.sends(refusal);
    await client.receives(refusal);
    await upstream.receives(GET);
  });
});
