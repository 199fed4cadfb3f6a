import { describe, expect, it } from "vitest";
import { converse } from "../support/conversation.ts";
import { settle } from "../support/until.ts";

const GET = "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n";
const UPLOAD = "POST /up HTTP/1.1\r\nHost: example.test\r\nContent-Length: 10\r\n\r\n";
const CHUNKED_UPLOAD = "POST /up HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LONG = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const UNTIL_CLOSE = "HTTP/1.1 200 OK\r\n\r\n";

describe("a truncated response reaches the client truncated", () => {
  it.each([
    ["a length", `${LONG}1234`],
    ["chunks, in the data", `${CHUNKED}5\r\nab`],
    ["chunks, between two", `${CHUNKED}2\r\nab\r\n`],
    ["chunks, before the last line", `${CHUNKED}2\r\nab\r\n0\r\n`],
    ["chunks, in the trailers", `${CHUNKED}0\r\nA: b\r\n`],
  ])("by the upstream's close: %s", async (_title, response) => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(response).ends();
    expect(await client.receivesRest()).toBe(response);
    await tape.shows([
      "> GET /a HTTP/1.1",
      "< HTTP/1.1 200 OK",
      expect.stringMatching("< body: "),
      "failed: response-truncated",
    ]);
    expect(tape.failure(1)).toMatchObject({ leg: "upstream", answered: false });
  });

  it.each([
    ["a length", `${LONG}1234`],
    ["chunks", `${CHUNKED}2\r\nab\r\n`],
  ])("by the upstream's reset: %s", async (_title, response) => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(response);
    await client.receives(response);
    upstream.resets();
    await client.seesEnd();
    expect(tape.lines(1).at(-1)).toBe("failed: upstream-reset");
    expect(tape.failure(1).detail).toBe("read ECONNRESET");
  });

  it.each(["resets", "vanishes"] as const)(
    "by a close alone that is none: the upstream %s, so the client is reset",
    async (how) => {
      const { client, upstream, tape, wasReset } = await converse();
      client.sends(GET);
      await upstream.receives(GET);
      upstream.sends(`${UNTIL_CLOSE}half`);
      await client.receives(`${UNTIL_CLOSE}half`);
      upstream[how]();
      await client.isLetGo();
      expect(wasReset()).toBe(true);
      await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: half", "failed: upstream-reset"]);
    },
  );

  it("a head that was cut never reaches it, and is recorded", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends("HTTP/1.1 200 OK\r\nContent-Le").ends();
    await client.seesEnd();
    await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "failed: response-truncated"]);
  });
});

describe("the upstream closes", () => {
  it("at the end of a body that only its close ends: the exchange is done, and the client is closed", async () => {
    const { client, upstream, tape, wasReset } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(`${UNTIL_CLOSE}all`, " of it").ends();
    expect(await client.receivesRest()).toBe(`${UNTIL_CLOSE}all of it`);
    await upstream.isLetGo();
    expect(wasReset()).toBe(false);
    await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: all of it", "done"]);
  });

  it("at the end of such a body, with a bad request waiting behind it: no page of ours gets into the body", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET, "BAD\r\n\r\n");
    await upstream.receives(GET);
    upstream.sends(`${UNTIL_CLOSE}all`).ends();
    expect(await client.receivesRest()).toBe(`${UNTIL_CLOSE}all`);
    await tape.shows(
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: all", "done"],
      ["> BAD", "failed: request-malformed"],
    );
  });

  it("between two requests: the client is closed, and no flow fails", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    upstream.ends();
    await client.seesEnd();
    await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"]);
  });

  it.each([
    ["ends", "upstream-closed"],
    ["resets", "upstream-reset"],
  ] as const)(
    "with requests outstanding (%s): the client is closed without an answer, and nothing is tried again",
    async (how, code) => {
      const { client, upstream, tape } = await converse();
      client.sends(GET, GET);
      await upstream.receives(GET + GET);
      upstream[how]();
      await client.seesEnd();
      await tape.shows(["> GET /a HTTP/1.1", `failed: ${code}`], ["> GET /a HTTP/1.1", `failed: ${code}`]);
    },
  );

  it("with a reset, behind an answer that the client has not read yet: the answer still arrives", async () => {
    const { client, upstream, tape, wasReset } = await converse();
    client.stopsReading();
    client.sends(GET, GET);
    await upstream.receives(GET + GET);
    upstream.sends(OK);
    await settle();
    upstream.resets();
    await settle();
    client.goesOnReading();
    expect(await client.receivesRest()).toBe(OK);
    expect(wasReset()).toBe(false);
    await tape.shows(
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
      ["> GET /a HTTP/1.1", "failed: upstream-reset"],
    );
  });
});

describe("an early answer, while the client is still sending", () => {
  const early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!";
  const lines = ["> POST /up HTTP/1.1", "> body: 123", "< HTTP/1.1 413 Content Too Large", "< body: no!", "done"];

  it.each(["ends", "resets", "vanishes"] as const)(
    "reaches the client whole, also if the upstream %s right behind it",
    async (how) => {
      const { client, upstream, tape, wasReset } = await converse();
      client.sends(UPLOAD, "123");
      await upstream.receives(`${UPLOAD}123`);
      upstream.sends(early);
      await client.receives(early);
      upstream[how]();
      await client.seesEnd();
      client.sends("4567890");
      await upstream.isLetGo();
      expect(wasReset()).toBe(false);
      await tape.shows(lines);
    },
  );

  it("leaves the connection usable if both sides go on", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(UPLOAD, "12345");
    await upstream.receives(`${UPLOAD}12345`);
    upstream.sends(OK);
    await client.receives(OK);
    client.sends("67890", GET);
    await upstream.receives(`67890${GET}`);
    upstream.sends(OK);
    await client.receives(OK);
    await tape.shows(
      ["> POST /up HTTP/1.1", "> body: 12345", "< HTTP/1.1 200 OK", "< body: ok", "> body: 67890", "done"],
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
    );
  });
});

describe("the client ends its half", () => {
  it("after its request: it still gets the response, and the upstream sees the half-close", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET).ends();
    await upstream.receives(GET);
    await upstream.seesEnd();
    upstream.sends(OK);
    expect(await client.receivesRest()).toBe(OK);
    await upstream.isLetGo();
    await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"]);
  });

  it("after several requests: it gets all responses", async () => {
    const { client, upstream } = await converse();
    client.sends(GET.repeat(3)).ends();
    await upstream.receives(GET.repeat(3));
    upstream.sends(OK, OK, OK);
    expect(await client.receivesRest()).toBe(OK + OK + OK);
  });

  it.each(["ends", "resets"] as const)(
    "and the upstream then %s in mid-response: the flow blames the client",
    async (how) => {
      const { client, upstream, tape } = await converse();
      client.sends(GET);
      await upstream.receives(GET);
      upstream.sends("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123");
      await client.receives("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123");
      client.ends();
      await upstream.seesEnd();
      upstream[how]();
      await client.seesEnd();
      await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: 123", "failed: client-closed"]);
    },
  );

  it("without a request: both sides are closed, and there is no flow", async () => {
    const { client, upstream, tape } = await converse();
    client.ends();
    await client.seesEnd();
    await upstream.seesEnd();
    expect(tape.flows()).toEqual([]);
  });

  it("in a head: nothing of it reaches the upstream, and it is told", async () => {
    const { client, upstream, tape } = await converse();
    client.sends("GET /a HTTP/1.1\r\nHos").ends();
    await upstream.seesEnd();
    expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 400 .*plainwire-error: request-incomplete\r\n/s);
    await tape.shows([
      "> GET /a HTTP/1.1",
      "< plainwire's own",
      "< HTTP/1.1 400 Bad Request",
      expect.stringMatching("< body: "),
      "failed: request-incomplete, answered",
    ]);
  });

  it("in a head, behind a whole request: that one still gets its response", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(`${GET}GET /b`).ends();
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    await client.receivesMatch(/request-incomplete/);
    expect(tape.flows().map((flow) => tape.lines(flow).at(-1))).toEqual([
      "done",
      "failed: request-incomplete, answered",
    ]);
  });

  it.each([
    ["a length", UPLOAD],
    ["chunks", `${CHUNKED_UPLOAD}9\r\n`],
  ])("in a body of %s: the upstream never sees it complete", async (_title, head) => {
    const { client, upstream, tape } = await converse();
    client.sends(head, "123");
    await upstream.receives(`${head}123`);
    client.ends();
    await upstream.seesAbort();
    await client.receivesMatch(/request-incomplete/);
    expect(tape.lines(1).at(-1)).toBe("failed: request-incomplete, answered");
  });
});

describe("the client goes away", () => {
  it.each([
    ["resets", "client-reset"],
    ["vanishes", "client-closed"],
  ] as const)("in the middle of a response (%s): the upstream is let go at once", async (how, code) => {
    const { client, upstream, tape } = await converse();
    client.sends(GET, GET);
    await upstream.receives(GET + GET);
    upstream.sends(`${LONG}123`);
    await client.receives(`${LONG}123`);
    client[how]();
    await settle();
    await upstream.seesAbort();
    await tape.shows(
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: 123", `failed: ${code}`],
      ["> GET /a HTTP/1.1", `failed: ${code}`],
    );
  });

  it("between two requests: the upstream is let go, and no flow fails", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    client.resets();
    await upstream.isLetGo();
    await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"]);
  });

  it("before the relay began: the upstream is let go", async () => {
    await (await converse({ clientGone: true })).upstream.isLetGo();
  });
});
