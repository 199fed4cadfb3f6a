import { describe, expect, it } from "vitest";
import { Kind } from "../../src/capture/record.ts";
import { converse } from "../support/conversation.ts";

const GET = "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** The status line and the code that marks a page as plainwire's own. */
const page = (status: string, code: string): RegExp =>
  new RegExp(`^HTTP/1\\.1 ${status}\r\n(?:.+\r\n)*plainwire-error: ${code}\r\n`);

describe("a faulty request", () => {
  it.each([
    ["no request line", "NONSENSE\r\nHost: a\r\n\r\n"],
    [
      "Content-Length and Transfer-Encoding",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["lengths that differ", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na"],
    ["a folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"],
    ["a space in front of the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["a NUL", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"],
    ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["CONNECT with a body", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"],
  ])("is answered 400, and nothing of it goes upstream: %s", async (_title, request) => {
    const { client, upstream, tape } = await converse();
    client.sends(request + GET);
    expect(await client.receivesRest()).toMatch(page("400 Bad Request", "request-malformed"));
    await upstream.seesEnd();
    expect(tape.flows()).toHaveLength(1);
    expect(tape.lines(1).at(-1)).toBe("failed: request-malformed, answered");
    expect(tape.bytes(1, Kind.requestHead).toString("latin1").startsWith(request.slice(0, 20))).toBe(true);
  });

  it("waits until the ones before it are answered", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(`${GET}${GET}BAD\r\n\r\n${GET}`);
    await upstream.receives(GET + GET);
    await client.receivesNothing();
    upstream.sends(OK);
    await client.receives(OK);
    await client.receivesNothing();
    upstream.sends(OK);
    await client.receives(OK);
    expect(await client.receivesRest()).toMatch(page("400 Bad Request", "request-malformed"));
    await upstream.receivesNothing();
    expect(tape.flows().map((flow) => tape.lines(flow).at(-1))).toEqual([
      "done",
      "done",
      "failed: request-malformed, answered",
    ]);
  });

  it("waits also if the upstream answers what it has seen of it before", async () => {
    const { client, upstream, tape } = await converse();
    const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.sends(`${GET}${head}Z\r\n`);
    await upstream.receives(GET + head);
    upstream.sends(OK + OK);
    await client.receives(OK);
    expect(await client.receivesRest()).toMatch(page("400 Bad Request", "request-malformed"));
    expect(tape.flows().map((flow) => tape.lines(flow).at(-1))).toEqual([
      "done",
      "failed: request-malformed, answered",
    ]);
  });

  it("ends with its own reason if the upstream closes before that", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(`${GET}BAD\r\n\r\n`);
    await upstream.receives(GET);
    upstream.ends();
    await client.seesEnd();
    await tape.shows(["> GET /a HTTP/1.1", "failed: upstream-closed"], ["> BAD", "failed: request-malformed"]);
  });

  it.each([
    ["a size that is no number", "Z\r\n"],
    ["data longer than its size", "1\r\nab\r\n"],
    ["a bare line feed", "1\nab"],
    ["a fault in the trailers", "0\r\nbad trailer\r\n\r\n"],
  ])("in its chunks never looks complete upstream: %s", async (_title, chunk) => {
    const { client, upstream, tape } = await converse();
    const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
    client.sends(head);
    await upstream.receives(head);
    client.sends(chunk + GET);
    await upstream.seesAbort();
    expect(await upstream.receivesRest()).not.toContain("0\r\n\r\n");
    expect(await client.receivesRest()).toMatch(page("400 Bad Request", "request-malformed"));
    expect(tape.lines(1).slice(0, 2)).toEqual(["> POST / HTTP/1.1", expect.stringMatching("^> body: 2\r\nok\r\n")]);
    expect(tape.lines(1).at(-1)).toBe("failed: request-malformed, answered");
  });

  it("in its chunks, when its answer has begun already: the answer is cut", async () => {
    const { client, upstream, tape } = await converse();
    client.sends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await upstream.receivesMatch(/\r\n\r\n/);
    upstream.sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123");
    await client.receivesMatch(/123/);
    client.sends("Z\r\n");
    await client.seesEnd();
    await upstream.seesAbort();
    expect(tape.lines(1).at(-1)).toBe("failed: request-malformed");
  });

  it("is answered 431 if its head is too large, without being read to its end", async () => {
    const { client, upstream, tape } = await converse({ headBytes: 200 });
    client.sends(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(200)}`);
    expect(await client.receivesRest()).toMatch(page("431 Request Header Fields Too Large", "head-too-large"));
    await upstream.seesEnd();
    expect(tape.lines(1).at(-1)).toBe("failed: head-too-large, answered");
  });
});

describe("a faulty response", () => {
  it.each([
    ["no status line", "hello\r\n\r\n"],
    [
      "Content-Length and Transfer-Encoding",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["an encoding that is not chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    ["a folded line", "HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n"],
    ["101 without being asked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
  ])("in its head becomes our 502, and its bytes are recorded: %s", async (_title, response) => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(response);
    expect(await client.receivesRest()).toMatch(page("502 Bad Gateway", "response-malformed"));
    await upstream.seesAbort();
    expect(tape.flows()).toHaveLength(1);
    expect(tape.bytes(1, Kind.responseHead).toString()).toContain(response.split("\r\n\r\n")[0]);
    expect(tape.lines(1).at(-1)).toBe("failed: response-malformed, answered");
  });

  it("in its head fails the requests behind it too", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET + GET);
    await upstream.receives(GET + GET);
    upstream.sends("hello\r\n\r\n");
    await client.receivesMatch(/response-malformed/);
    expect(tape.flows().map((flow) => tape.lines(flow).at(-1))).toEqual([
      "failed: response-malformed, answered",
      "failed: upstream-closed",
    ]);
  });

  it("that is too large in its head becomes our 502", async () => {
    const { client, upstream, tape } = await converse({ headBytes: 200 });
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(300)}`);
    expect(await client.receivesRest()).toMatch(page("502 Bad Gateway", "response-head-too-large"));
    expect(tape.lines(1).at(-1)).toBe("failed: response-head-too-large, answered");
  });

  it("that turns faulty in a chunk is cut there, without a word of ours in it", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    const good = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
    upstream.sends(`${good}zz\r\n`);
    expect(await client.receivesRest()).toBe(good);
    await upstream.seesAbort();
    await tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: 2\r\nok\r\n", "failed: response-malformed"]);
  });

  it("to no request at all never reaches the client", async () => {
    const { client, upstream, tape } = await converse();
    upstream.sends(OK);
    await client.seesEnd();
    await upstream.isLetGo();
    await tape.shows(["attempt", `< body: ${OK}`, "failed: response-unexpected"]);
  });

  it("more than one to a request: the second never reaches the client", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(OK + OK);
    expect(await client.receivesRest()).toBe(OK);
    await tape.shows(
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
      ["attempt", `< body: ${OK}`, "failed: response-unexpected"],
    );
  });
});

describe("without an upstream", () => {
  const failure = { code: "upstream-refused", detail: "connect ECONNREFUSED 127.0.0.1:9" } as const;

  it.each([
    ["GET", GET],
    ["POST", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"],
    ["POST whose body is still to come", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"],
  ])("%s is told why", async (_title, request) => {
    const { client, tape } = await converse({ failure });
    client.sends(request);
    const answer = await client.receivesRest();
    expect(answer).toMatch(page("502 Bad Gateway", "upstream-refused"));
    expect(answer).toContain("example.test");
    expect(answer).toContain("ECONNREFUSED");
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body, "latin1")}`);
    expect(tape.lines(1)).toContain("< plainwire's own");
    expect(tape.bytes(1, Kind.responseBody).toString("latin1")).toBe(body);
    expect(tape.lines(1).at(-1)).toBe("failed: upstream-refused, answered");
  });

  it("HEAD gets the head alone", async () => {
    const { client } = await converse({ failure });
    client.sends("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n(?:.+\r\n)+\r\n$/);
  });

  it("the first of several requests is answered, and the connection closed", async () => {
    const { client, tape } = await converse({ failure });
    client.sends(GET + GET);
    expect((await client.receivesRest()).match(/HTTP\/1\.1 502/g)).toHaveLength(1);
    expect(tape.flows()).toHaveLength(1);
  });

  const alert = Object.assign(new Error("tlsv13 alert certificate required:SSL alert number 116"), {
    code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  });
  it.each([
    ["reset", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), "upstream-reset"],
    ["closed", "closed", "upstream-reset"],
    ["ended by an alert", alert, "client-certificate-required"],
  ] as const)(
    "any more, as it was %s before the first request: the request is told",
    async (_title, upstreamGone, code) => {
      const { client, tape } = await converse({ upstreamGone });
      client.sends(GET);
      expect(await client.receivesRest()).toMatch(page("502 Bad Gateway", code));
      expect(tape.lines(1).at(-1)).toBe(`failed: ${code}, answered`);
    },
  );

  it("any more, as it wants a client certificate and TLS 1.3 says so late: the request is told", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    upstream.near.destroy(alert);
    expect(await client.receivesRest()).toMatch(page("502 Bad Gateway", "client-certificate-required"));
    expect(tape.lines(1).at(-1)).toBe("failed: client-certificate-required, answered");
  });
});
