import { describe, expect, it } from "vitest";
import { Kind } from "../../src/capture/record.ts";
import { converse } from "../support/conversation.ts";

const GET = "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n";
const POST = "POST /up HTTP/1.1\r\nHost: example.test\r\nContent-Length: 5\r\n\r\nhello";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n3;x="1"\r\nabc\r\n02\r\nde\r\n0\r\nSum: 5\r\n\r\n';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: example.test\r\n\r\n`;
const answer = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe("an exchange", () => {
  it("passes byte for byte, and the connection serves the next one", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(POST);
    await upstream.receives(POST);
    upstream.sends(CHUNKED);
    await client.receives(CHUNKED);
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    await tape.shows(
      [
        "> POST /up HTTP/1.1",
        "> body: hello",
        "< HTTP/1.1 200 OK",
        '< body: 3;x="1"\r\nabc\r\n02\r\nde\r\n0\r\nSum: 5\r\n\r\n',
        "< trailers: Sum: 5\r\n",
        "done",
      ],
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
    );
    const bodyBytes = CHUNKED.length - CHUNKED.indexOf("3;");
    expect(tape.totals(1)).toMatchObject({
      requestContent: 5,
      requestWire: 5,
      responseContent: 5,
      responseWire: bodyBytes,
    });
    expect(tape.totals(1).requestEnded).toBeGreaterThan(Date.now() - 60_000);
    expect(tape.bytes(1, Kind.requestHead).toString()).toBe(POST.slice(0, -5));
  });

  it.each([
    ["a request with a body", POST, OK],
    [
      "a chunked request",
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;e\r\nx\r\n0\r\nA: b\r\n\r\n`,
      OK,
    ],
    ["a chunked response", GET, CHUNKED],
    ["a response after 103", GET, `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`],
  ])("is the same wherever TCP cuts it: %s", async (_title, request, response) => {
    const whole = await converse();
    whole.client.sends(request);
    await whole.upstream.receives(request);
    whole.upstream.sends(response);
    await whole.client.receives(response);
    const expected = whole.tape.lines(1);
    expect(expected.at(-1)).toBe("done");

    for (let cut = 1; cut < request.length; cut++) {
      const { client, upstream, tape } = await converse();
      client.sends(request.slice(0, cut), request.slice(cut));
      await upstream.receives(request);
      upstream.sends(response);
      await client.receives(response);
      await tape.shows(expected);
    }
    for (let cut = 1; cut < response.length; cut++) {
      const { client, upstream, tape } = await converse();
      client.sends(request);
      await upstream.receives(request);
      upstream.sends(response.slice(0, cut), response.slice(cut));
      await client.receives(response);
      await tape.shows(expected);
    }
    const { client, upstream, tape } = await converse();
    client.sendsByteByByte(request);
    await upstream.receives(request);
    upstream.sendsByteByByte(response);
    await client.receives(response);
    await tape.shows(expected);
  });

  it("is forwarded while it comes: the head before the body, each piece as it arrives", async () => {
    const { client, upstream } = await converse();
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    client.sends(head);
    await upstream.receives(head);
    client.sends("ab");
    await upstream.receives("ab");
    client.sends("cd");
    await upstream.receives("cd");
    const events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    upstream.sends(events);
    await client.receives(events);
    upstream.sends("data: 1\n\n");
    await client.receives("data: 1\n\n");
  });
});

describe("pipelined requests", () => {
  it("are forwarded as they came in one segment, and answered in their order", async () => {
    const { client, upstream, tape } = await converse();
    const requests = get("/1") + POST + get("/3");
    client.sends(requests);
    await upstream.receives(requests);
    upstream.sends(answer("one") + answer("two"));
    await client.receives(answer("one") + answer("two"));
    upstream.sends(answer("three"));
    await client.receives(answer("three"));
    await tape.shows(
      ["> GET /1 HTTP/1.1", "< HTTP/1.1 200 OK", "< body: one", "done"],
      ["> POST /up HTTP/1.1", "> body: hello", "< HTTP/1.1 200 OK", "< body: two", "done"],
      ["> GET /3 HTTP/1.1", "< HTTP/1.1 200 OK", "< body: three", "done"],
    );
  });

  it("are all served, more than are remembered at a time", async () => {
    const { client, upstream, tape } = await converse();
    const paths = Array.from({ length: 200 }, (_, i) => `/${i}`);
    client.sends(paths.map(get).join(""));
    for (const path of paths) {
      await upstream.receives(get(path));
      upstream.sends(answer(path));
      await client.receives(answer(path));
    }
    await tape.shows(
      ...paths.map((path) => [`> GET ${path} HTTP/1.1`, "< HTTP/1.1 200 OK", `< body: ${path}`, "done"]),
    );
  });

  it("are remembered up to a bound: a client that never reads an answer can't make the relay take more", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(...Array.from({ length: 500 }, (_, i) => get(`/${i}`)));
    await upstream.receivesMatch(/GET \/10 /);
    await client.receivesNothing();
    expect(tape.flows()).toHaveLength(64);
  });
});

describe("a response without a body", () => {
  it.each([
    ["to HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"],
    ["to HEAD, chunked", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["204", GET, "HTTP/1.1 204 No Content\r\n\r\n"],
    ["304 with a length", GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"],
    ["of length 0", GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ])("%s is over with its head", async (_title, request, response) => {
    const { client, upstream, tape } = await converse();
    client.sends(request);
    await upstream.receives(request);
    upstream.sends(response);
    await client.receives(response);
    client.sends(GET);
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    const [line] = request.split("\r\n");
    const [status] = response.split("\r\n");
    await tape.shows(
      [`> ${line}`, `< ${status}`, "done"],
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
    );
  });

  it("204 with bytes behind it: they never become the answer to the next request", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(GET);
    await upstream.receives(GET);
    const head = "HTTP/1.1 204 No Content\r\nContent-Length: 38\r\n\r\n";
    upstream.sends(`${head}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
    await client.receives(head);
    await client.seesEnd();
    await upstream.isLetGo();
    await tape.shows(
      ["> GET /a HTTP/1.1", "< HTTP/1.1 204 No Content", "done"],
      ["attempt", "< body: HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "failed: response-unexpected"],
    );
  });
});

describe("interim responses", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

  it("are passed on in order, in front of the final one; 100 is never invented", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(head);
    await upstream.receives(head);
    await client.receivesNothing();
    const interim = ["103 Early Hints\r\nLink: </a>", "103 Early Hints", "100 Continue"].map(
      (one) => `HTTP/1.1 ${one}\r\n\r\n`,
    );
    upstream.sends(interim.join(""));
    await client.receives(interim.join(""));
    client.sends("hello");
    await upstream.receives("hello");
    upstream.sends(OK);
    await client.receives(OK);
    await tape.shows([
      "> POST / HTTP/1.1",
      "< HTTP/1.1 103 Early Hints",
      "< HTTP/1.1 103 Early Hints",
      "< HTTP/1.1 100 Continue",
      "> body: hello",
      "< HTTP/1.1 200 OK",
      "< body: ok",
      "done",
    ]);
  });

  it("an expectation may be refused: the client gets the 417, and no body is waited for", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(head);
    await upstream.receives(head);
    const refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    upstream.sends(refusal).ends();
    await client.receives(refusal);
    await client.seesEnd();
    await tape.shows(["> POST / HTTP/1.1", "< HTTP/1.1 417 Expectation Failed", "done"]);
  });

  it("an expectation that was refused lets the client send its body all the same", async () => {
    const { client, upstream, tape } = await converse();
    client.sends(head);
    await upstream.receives(head);
    const refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    upstream.sends(refusal);
    await client.receives(refusal);
    client.sends("hello", GET);
    await upstream.receives(`hello${GET}`);
    upstream.sends(OK);
    await client.receives(OK);
    await tape.shows(
      ["> POST / HTTP/1.1", "< HTTP/1.1 417 Expectation Failed", "> body: hello", "done"],
      ["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"],
    );
  });
});

describe("what is kept of a body", () => {
  const upload = (body: string): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;

  it("is its beginning, up to the budget; the rest passes and is counted", async () => {
    const { client, upstream, tape } = await converse({ bodyBytes: 4 });
    client.sends(upload("abcdefgh"), "abc", "def", "gh");
    await upstream.receives(`${upload("abcdefgh")}abcdefgh`);
    upstream.sends(answer("123456"));
    await client.receives(answer("123456"));
    await tape.shows([
      "> POST / HTTP/1.1",
      "> body: abcd",
      "< HTTP/1.1 200 OK",
      "< body: 1234",
      "> unkept: 4",
      "< unkept: 2",
      "done",
    ]);
    expect(tape.totals(1)).toMatchObject({ requestWire: 8, responseWire: 6 });
  });

  it("is nothing while the hub is behind, but heads and ends are kept", async () => {
    // Between once and twice the budget: past that the relay would wait.
    const { client, upstream, tape } = await converse({ tape: { inFlightBytes: 1000, stuck: true } });
    const large = `GET /a HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(1000)}\r\n\r\n`;
    client.sends(large);
    await upstream.receives(large);
    tape.recorder.flush();
    upstream.sends(OK);
    await client.receives(OK);
    expect(tape.lines(1)).toEqual(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< unkept: 2", "done"]);
  });

  it("never has a hole: what follows a piece that was left out is left out too", async () => {
    const { client, upstream, tape } = await converse({ tape: { inFlightBytes: 1000, stuck: true } });
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nX: ${"x".repeat(1000)}\r\n\r\n`;
    client.sends(`${head}ab`);
    await upstream.receives(`${head}ab`);
    tape.recorder.flush();
    client.sends("cd");
    await upstream.receives("cd");
    tape.catchesUp();
    client.sends("ef");
    await upstream.receives("ef");
    upstream.sends(OK);
    await client.receives(OK);
    expect(tape.lines(1)).toEqual([
      "> POST / HTTP/1.1",
      "> body: ab",
      "< HTTP/1.1 200 OK",
      "< body: ok",
      "> unkept: 4",
      "done",
    ]);
  });
});
