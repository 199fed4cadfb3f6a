/** What the client sends is what the upstream gets, to the byte, and back. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import type { Peer } from "../support/peer.ts";
import { createTestCa } from "../support/pki.ts";
import { type Plainwire, startPlainwire } from "../support/plainwire.ts";
import { tunnelPlain, tunnelTls } from "../support/raw-client.ts";
import { startRawOrigin } from "../support/raw-origin.ts";

const ca = createTestCa();
const certificate = ca.issue();
let plainwire: Plainwire;
let feed: FeedReader;

beforeAll(async () => {
  plainwire = await startPlainwire({ upstreamCa: ca.certPem });
  feed = await readFeed(plainwire);
});

beforeEach(() => feed.startOver());

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
});

/** Opens a connection to an upstream with this script, under TLS or in the clear. */
async function connect(
  world: World,
  serve: (peer: Peer) => unknown,
): Promise<{ client: Peer; origin: Peer; port: number }> {
  const origin = await startRawOrigin(serve, world === "TLS" ? { certificate } : {});
  const authority = `localhost:${origin.port}`;
  const client =
    world === "TLS"
      ? await tunnelTls(plainwire, authority, { ca: plainwire.ca })
      : await tunnelPlain(plainwire, authority);
  return { client, origin: await origin.peer(0), port: origin.port };
}

type World = "TLS" | "the clear";

/** A request that the upstream has wholly once it ends with `end`, and how it is answered. */
interface Row {
  title: string;
  request: string;
  response: string;
  /** What the flow's summary must hold. */
  flow?: object;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

const ROWS: Row[] = [
  {
    title: "case, order, duplicates and white space of fields",
    request: "GET /a?b HTTP/1.1\r\nhOST:a\r\nX-A:   1  \r\nx-b:\t2\r\nX-A: 3\r\nX-Empty:\r\nx-a:4\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\ncontent-LENGTH:0\r\nSet-Cookie: a=1\r\nX:  y \t\r\nset-cookie: b=2\r\n\r\n",
    flow: {
      req: {
        headers: [
          ["hOST", "a"],
          ["X-A", "1"],
          ["x-b", "2"],
          ["X-A", "3"],
          ["X-Empty", ""],
          ["x-a", "4"],
        ],
      },
      res: {
        headers: [
          ["content-LENGTH", "0"],
          ["Set-Cookie", "a=1"],
          ["X", "y"],
          ["set-cookie", "b=2"],
        ],
      },
    },
  },
  {
    title: "Latin-1 and UTF-8 bytes in fields, and control characters that HTTP allows to be shown",
    request: "GET / HTTP/1.1\r\nHost: a\r\nX-Latin: caf\xe9\r\nX-Utf: \xc3\xa9\xe2\x82\xac\r\nX-Tab: a\tb\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Latin: \xfcber\r\nX-Escape: \x1b[31mred\x07\r\n\r\n",
    flow: {
      res: {
        headers: [
          ["Content-Length", "0"],
          ["X-Latin", "\xfcber"],
          ["X-Escape", "\x1b[31mred\x07"],
        ],
      },
    },
  },
  {
    title: "an unknown method",
    request: "FOO-bar! /x HTTP/1.1\r\nHost: a\r\n\r\n",
    response: OK,
    flow: { method: "FOO-bar!", status: 200 },
  },
  {
    title: "raw UTF-8 in a target",
    request: "GET /caf\xc3\xa9?q=\xe2\x82\xac HTTP/1.1\r\nHost: a\r\n\r\n",
    response: OK,
  },
  {
    title: "no reason phrase",
    request: GET,
    response: "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    flow: { status: 200, reason: "" },
  },
  {
    title: "a Latin-1 reason phrase, and an unknown status",
    request: GET,
    response: "HTTP/1.1 299 sch\xf6n  gut\r\nContent-Length: 2\r\n\r\nok",
    flow: { status: 299, reason: "sch\xf6n  gut" },
  },
  {
    title: "chunk boundaries, extensions, leading zeros and trailers, both ways",
    request:
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
      '1;a=b\r\nx\r\n0003;q="1 2"\r\nabc\r\nA\r\n0123456789\r\n000\r\nX-Sum: 1\r\nx-sum:  2 \r\n\r\n',
    response:
      'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nok\r\n01;ext\r\n!\r\n0;last\r\nEtag: "t"\r\n\r\n',
    flow: {
      req: {
        size: 14,
        trailers: [
          ["X-Sum", "1"],
          ["x-sum", "2"],
        ],
      },
      res: { size: 3, trailers: [["Etag", '"t"']], body: { text: "ok!" } },
    },
  },
  {
    title: "GET with a body",
    request: "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nquery",
    response: OK,
    flow: { req: { size: 5, body: { text: "query" } } },
  },
  {
    title: "hop-by-hop fields, which are no proxy's business inside a tunnel",
    request:
      "GET / HTTP/1.1\r\nHost: b.example\r\nConnection: X-Mine\r\nX-Mine: 1\r\nTE: gzip\r\nProxy-Connection: x\r\n\r\n",
    response: "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok",
  },
  {
    title: "two equal lengths",
    request: GET,
    response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok",
  },
  {
    title: "304 with a length that means nothing",
    request: GET,
    response: "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n",
    flow: { status: 304, res: { size: 0 } },
  },
];

describe.each<World>(["TLS", "the clear"])("in %s, both sides see each other's bytes", (world) => {
  it.each(ROWS.map((row) => [row.title, row] as const))("%s", async (_title, { request, response, flow }) => {
    const { client, origin, port } = await connect(world, async (peer) => {
      await peer.untilLength(request.length);
      peer.send(response);
    });
    client.send(request);
    await client.untilLength(response.length);
    client.finish();
    await origin.ended();
    await client.ended();
    expect({ upstreamSaw: origin.text, clientSaw: client.text }).toEqual({ upstreamSaw: request, clientSaw: response });
    const seen = await feed.finished(({ port: to }) => to === port);
    expect(seen).toMatchObject({ event: "flow.done", ...flow });
  });

  it("the request arrives byte by byte", async () => {
    const { client, origin } = await connect(world, async (peer) => {
      await peer.until("\r\n0\r\n\r\n");
      for (const byte of OK) peer.send(byte);
    });
    const request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (const byte of request) client.send(byte);
    await client.untilLength(OK.length);
    expect({ origin: origin.text, client: client.text }).toEqual({ origin: request, client: OK });
  });

  it("103, 100 and the final response, in order; 100 is the upstream's and comes before the body is sent", async () => {
    const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const go = "HTTP/1.1 100 Continue\r\n\r\n";
    const { client, origin, port } = await connect(world, async (peer) => {
      await peer.untilLength(head.length);
      peer.send(early);
      peer.send(go);
      await peer.untilLength(head.length + 4);
      peer.send(OK);
    });
    client.send(head);
    await client.untilLength(early.length + go.length);
    client.send("body");
    await client.untilLength(early.length + go.length + OK.length);
    expect({ origin: origin.text, client: client.text }).toEqual({ origin: `${head}body`, client: early + go + OK });
    expect(await feed.finished((flow) => flow.port === port)).toMatchObject({
      status: 200,
      res: { interim: [103, 100] },
    });
  });

  it("nobody invents a 100 for a client that expects one", async () => {
    const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    const refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const { client } = await connect(world, async (peer) => {
      await peer.untilLength(head.length);
      peer.finish(refusal);
    });
    client.send(head);
    await client.ended();
    expect(client.text).toBe(refusal);
  });

  it("HTTP/1.0, and a body that only the close ends", async () => {
    const request = "GET / HTTP/1.0\r\n\r\n";
    const response = "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nas long as it takes";
    const { client, origin, port } = await connect(world, async (peer) => {
      await peer.untilLength(request.length);
      peer.finish(response);
    });
    client.send(request);
    expect(await client.ended()).toBe("end");
    expect({ origin: origin.text, client: client.text }).toEqual({ origin: request, client: response });
    expect(await feed.finished((flow) => flow.port === port)).toMatchObject({
      state: "done",
      http: "1.0",
      res: { size: 19 },
    });
  });

  it("three requests in one segment are answered in order", async () => {
    const requests = [
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
      "GET /3 HTTP/1.1\r\nhost: a\r\n\r\n",
    ];
    const answers = ["1", "22", "333"].map(
      (body) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const { client, origin, port } = await connect(world, async (peer) => {
      await peer.untilLength(requests.join("").length);
      peer.send(answers.join(""));
    });
    client.send(requests.join(""));
    await client.untilLength(answers.join("").length);
    expect({ origin: origin.text, client: client.text }).toEqual({
      origin: requests.join(""),
      client: answers.join(""),
    });
    const sizes = await Promise.all(
      ["/1", "/2", "/3"].map((path) => feed.finished((flow) => flow.port === port && flow.url.endsWith(path))),
    );
    expect(sizes.map((flow) => flow.res?.size)).toEqual([1, 2, 3]);
  });

  it("a client that ends its half still gets its response", async () => {
    const { client, origin } = await connect(world, async (peer) => {
      await peer.ended();
      peer.finish(OK);
    });
    client.finish(GET);
    expect(await client.ended()).toBe("end");
    expect({ origin: origin.text, client: client.text }).toEqual({ origin: GET, client: OK });
  });

  it("an early answer reaches a client that is still uploading", async () => {
    const early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const { client, port } = await connect(world, async (peer) => {
      await peer.until("\r\n\r\n");
      peer.finish(early);
    });
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome");
    await client.untilLength(early.length);
    expect(client.text).toBe(early);
    expect(await feed.finished((flow) => flow.port === port)).toMatchObject({ status: 413 });
  });

  it("events are passed on as they come", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    const { client, origin } = await connect(world, async (peer) => {
      await peer.until("\r\n\r\n");
      peer.send(head);
    });
    client.send(GET);
    await client.untilLength(head.length);
    // Each is sent only when the one before has arrived: whoever buffers them hangs.
    for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
      origin.send(event);
      await client.until(event);
    }
  });
});

it("an empty line before a request is left out, as RFC 9112 2.2 lets a server do", async () => {
  const { client, origin } = await connect("TLS", async (peer) => {
    await peer.until("\r\n\r\n");
    peer.send(OK);
  });
  client.send(`\r\n${GET}`);
  await client.untilLength(OK.length);
  expect({ origin: origin.text, client: client.text }).toEqual({ origin: GET, client: OK });
});
