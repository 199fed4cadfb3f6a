import { describe, expect, it } from "vitest";
import { createBatch, Kind } from "../../src/capture/record.ts";
import type { FlowEvent } from "../../src/flow/events.ts";
import { createFlowLog, type FlowBudgets, type FlowLog } from "../../src/flow/log.ts";
import { connect, count, dialled, done, EXAMPLE, failed, get, ok, play, record, T0 } from "./tape.ts";

const createLog = (budgets: Partial<FlowBudgets> = {}): FlowLog =>
  createFlowLog({
    caPath: "/home/me/ca.pem",
    budgets: { totalBodyBytes: 65_536, ...budgets },
    epoch: "0123456789abcdef",
  });

const events = (log: FlowLog): FlowEvent[] => {
  const all: FlowEvent[] = [];
  for (let seq = log.first; seq < log.next; seq++) all.push(log.at(seq)?.event as FlowEvent);
  return all;
};

describe("an HTTPS exchange", () => {
  const log = createLog();
  play(
    log,
    ...connect(1, EXAMPLE),
    record(
      Kind.requestHead,
      1,
      7,
      10,
      "POST /v1/login?x=\xe9 HTTP/1.1\r\nHost: example.com\r\nX-A: 1\r\nx-a: 2\r\n\r\n",
    ),
    record(Kind.requestBody, 1, 7, 11, '{"q"'),
    record(Kind.requestBody, 1, 7, 12, ":1}"),
    record(Kind.responseInterim, 1, 7, 13, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    record(
      Kind.responseHead,
      1,
      7,
      30,
      "HTTP/1.1 401 Un\xfcblich\r\nContent-Type: Text/HTML; charset=x\r\nContent-Encoding: br\r\n\r\n",
    ),
    record(Kind.responseBody, 1, 7, 31, "no"),
    done(
      1,
      7,
      { requestContent: 7, requestWire: 7, responseContent: 2, responseWire: 2, requestEnded: T0 + 14 },
      35.125,
    ),
  );

  it("is logged as request, response and end", () => {
    expect(events(log).map(({ event, flow, t }) => [event, flow, t - T0])).toEqual([
      ["flow.request", "f_7", 10],
      ["flow.response", "f_7", 30],
      ["flow.done", "f_7", 35.125],
    ]);
  });

  it("says what was asked, byte for byte", () => {
    expect(events(log)[0]).toEqual({
      event: "flow.request",
      flow: "f_7",
      t: T0 + 10,
      kind: "http",
      method: "POST",
      url: "https://example.com/v1/login?x=\xe9",
      host: "example.com",
      port: 443,
      scheme: "https",
      http: "1.1",
      headers: [
        ["Host", "example.com"],
        ["X-A", "1"],
        ["x-a", "2"],
      ],
      changes: [],
      tunnel: null,
      client: { addr: "127.0.0.1:52166" },
    });
  });

  it("says what was answered", () => {
    expect(events(log)[1]).toEqual({
      event: "flow.response",
      flow: "f_7",
      t: T0 + 30,
      status: 401,
      reason: "Un\xfcblich",
      http: "1.1",
      headers: [
        ["Content-Type", "Text/HTML; charset=x"],
        ["Content-Encoding", "br"],
      ],
      ours: false,
    });
  });

  it("ends with all there is to know", () => {
    expect(events(log)[2]).toMatchObject({
      state: "done",
      status: 401,
      started: T0 + 10,
      req: { size: 7, wire: 7, body: { size: 7, kept: 7, mime: null, coding: [] } },
      res: {
        size: 2,
        wire: 2,
        body: { size: 2, kept: 2, mime: "text/html", coding: ["br"] },
        interim: [103],
        ours: false,
      },
      timing: { dns: 1.5, connect: 2.25, tls: 4.5, send: 4, wait: 16, receive: 5.125, total: 25.125 },
      tls: {
        client: { version: "TLSv1.3", alpn: "http/1.1", sni: null, resumed: true },
        upstream: { version: "TLSv1.2", verified: true, verdict: "verified", insecure: false, chain: [] },
      },
      upstream: { addr: "127.0.0.9:443", reused: false },
      error: null,
    });
  });

  it("has its bodies", () => {
    const body = log.body("f_7", "req");
    expect(Buffer.from(body?.content ?? []).toString()).toBe('{"q":1}');
    expect(body).toMatchObject({ size: 7, complete: true, mime: null, coding: [], started: T0 + 10 });
    expect(log.body("f_7", "res")).toMatchObject({ size: 2, complete: true, mime: "text/html", coding: ["br"] });
  });
});

describe("the log", () => {
  it("calls its listeners once for a batch, and not for a batch that adds nothing", () => {
    const log = createLog();
    let calls = 0;
    const off = log.onAppend(() => calls++);
    play(log, ...connect(1, EXAMPLE));
    expect(calls).toBe(0);
    play(log, get(1, 1), ok(1, 1), done(1, 1));
    expect(calls).toBe(1);
    off();
    play(log, get(1, 2));
    expect(calls).toBe(1);
  });

  it("makes an event and its text once, however many read it", () => {
    const log = createLog();
    play(log, get(1, 1));
    const entry = log.at(1);
    expect(log.at(1)?.event).toBe(entry?.event);
    expect(JSON.parse(entry?.json ?? "")).toEqual(entry?.event);
    expect(entry).toMatchObject({ seq: 1, name: "flow.request", flow: "f_1", t: T0 });
  });

  it("has nothing outside its bounds", () => {
    const log = createLog();
    expect([log.first, log.next]).toEqual([1, 1]);
    play(log, get(1, 1));
    expect([0, 2, -1, 0.5, Number.NaN].map((seq) => log.at(seq))).toEqual(Array(5).fill(undefined));
  });

  it("knows a flow by its id alone", () => {
    const log = createLog();
    play(log, get(1, 35));
    expect(log.flow("f_z")?.flow).toBe("f_z");
    for (const id of ["f_0z", "f_Z", "z", "f_", "f_-1", "f_35", "", "f_zzzzzzzzzzzz"]) {
      expect(log.flow(id), id).toBeUndefined();
      expect(log.body(id, "res"), id).toBeUndefined();
    }
  });

  it("keeps nothing of a batch: what was read stays when the memory is used again", () => {
    const log = createLog();
    play(log, ...connect(1, EXAMPLE), get(1, 1, "/kept"), ok(1, 1), record(Kind.responseBody, 1, 1, 0, "kept"));
    for (let other = 2; other < 50; other++)
      play(log, get(1, other, "/other"), record(Kind.requestBody, 1, other, 0, "gone"));
    expect(log.flow("f_1")?.url).toBe("https://example.com/kept");
    expect(Buffer.from(log.body("f_1", "res")?.content ?? []).toString()).toBe("kept");
  });

  it("frees a batch", () => {
    const { buffer } = createBatch(64);
    createLog().accept(buffer, 0);
    expect(buffer.byteLength).toBe(0);
  });

  it("has an epoch of its own each time", () => {
    const [one, two] = [createFlowLog({ caPath: "" }), createFlowLog({ caPath: "" })];
    expect(one.epoch).toMatch(/^[0-9a-f]{16}$/);
    expect(one.epoch).not.toBe(two.epoch);
  });
});

describe("a flow in progress", () => {
  it("counts what has passed so far", () => {
    const log = createLog();
    const chunked = "Transfer-Encoding: chunked\r\n";
    play(
      log,
      ...connect(1, EXAMPLE),
      get(1, 1),
      ok(1, 1, chunked, 5),
      record(Kind.responseBody, 1, 1, 6, "4\r\nWiki\r\n5\r\npe"),
    );
    expect(log.flow("f_1")).toMatchObject({
      state: "open",
      t: T0 + 5,
      status: 200,
      res: { size: 6, wire: 14, body: { size: 6, kept: 14 } },
      timing: { total: null, receive: null },
      error: null,
    });
    const body = log.body("f_1", "res");
    expect(Buffer.from(body?.content ?? []).toString()).toBe("Wikipe");
    expect(body?.complete).toBe(false);
  });
});

describe("the times of a flow", () => {
  const timed = (requestEnded: number): FlowLog => {
    const log = createLog();
    play(
      log,
      ...connect(1, EXAMPLE),
      get(1, 1, "/", 10),
      ok(1, 1, "", 20),
      done(1, 1, { requestEnded: requestEnded && T0 + requestEnded }, 50),
    );
    return log;
  };

  it("add up", () => {
    expect(timed(12).flow("f_1")?.timing).toMatchObject({ send: 2, wait: 8, receive: 30, total: 40 });
  });

  it("are never negative: a response may begin before its request has ended", () => {
    expect(timed(30).flow("f_1")?.timing).toMatchObject({ send: 20, wait: 0, receive: 30, total: 40 });
  });

  it("leave out what did not happen", () => {
    expect(timed(0).flow("f_1")?.timing).toMatchObject({ send: null, wait: null, receive: 30, total: 40 });
  });
});

describe("the body of a message", () => {
  const play1 = (fields: string, ...pieces: string[]): FlowLog => {
    const log = createLog();
    const body = pieces.map((piece) => record(Kind.responseBody, 1, 1, 0, piece));
    play(log, ...connect(1, EXAMPLE), get(1, 1), ok(1, 1, fields), ...body);
    return log;
  };

  it("loses its chunks, and its trailers are shown apart", () => {
    const log = play1("Transfer-Encoding: Chunked\r\n", "4;x=y\r\nWi", "ki\r\n0\r\nX-Sum: 1\r\n\r\n");
    play(
      log,
      record(Kind.responseTrailers, 1, 1, 0, "X-Sum: 1\r\n"),
      done(1, 1, { responseContent: 4, responseWire: 28 }),
    );
    expect(Buffer.from(log.body("f_1", "res")?.content ?? []).toString()).toBe("Wiki");
    expect(log.body("f_1", "res")).toMatchObject({ complete: true, size: 4 });
    expect(log.flow("f_1")?.res).toMatchObject({ trailers: [["X-Sum", "1"]], size: 4, wire: 28 });
  });

  it("is incomplete if a part was not kept", () => {
    const log = play1("", "beginning");
    play(
      log,
      record(Kind.responseUnkept, 1, 1, 0, count(1_000)),
      done(1, 1, { responseContent: 1_009, responseWire: 1_009 }),
    );
    expect(log.flow("f_1")?.res).toMatchObject({ size: 1_009, wire: 1_009, body: { kept: 9 } });
    expect(log.body("f_1", "res")).toMatchObject({ complete: false, size: 1_009 });
  });

  it("has the size that the relay counted, though it was cut in the middle of a chunk", () => {
    const log = play1("Transfer-Encoding: chunked\r\n", "5\r\nbe");
    play(log, record(Kind.responseUnkept, 1, 1, 0, count(10)), done(1, 1, { responseContent: 5, responseWire: 15 }));
    expect(log.body("f_1", "res")).toMatchObject({
      size: 5,
      complete: false,
      content: new Uint8Array(Buffer.from("be")),
    });
  });

  it.each([
    [0, false],
    [T0 + 3, true],
  ])("of a request whose flow failed is complete if the request had ended: at %d, %j", (requestEnded, complete) => {
    const log = createLog();
    play(log, get(1, 1), record(Kind.requestBody, 1, 1, 0, "abc"));
    play(log, failed(1, 1, { code: "upstream-reset", requestContent: 3, requestWire: 3, requestEnded }));
    expect(log.body("f_1", "req")).toMatchObject({ size: 3, complete });
  });

  it("is incomplete if the upstream cut it", () => {
    const log = play1("Content-Length: 10\r\n", "half");
    play(log, failed(1, 1, { code: "response-truncated", responseContent: 4, responseWire: 4, requestEnded: T0 }));
    expect(log.body("f_1", "res")).toMatchObject({ complete: false, size: 4 });
  });

  it("lists the codings of all Content-Encoding fields in order", () => {
    const log = play1("Content-Encoding: GZIP, br\r\nContent-Encoding: zstd\r\n", "x");
    expect(log.body("f_1", "res")?.coding).toEqual(["gzip", "br", "zstd"]);
  });

  it("is not there if nothing passed", () => {
    const log = play1("Content-Length: 0\r\n");
    play(log, done(1, 1));
    expect(log.body("f_1", "res")).toBeUndefined();
    expect(log.flow("f_1")).toMatchObject({ req: { body: null }, res: { body: null, size: 0, wire: 0 } });
  });
});

describe("tunnels and attempts", () => {
  it("shows a tunnel with its bytes and the reason", () => {
    const log = createLog();
    play(
      log,
      ...connect(1, { hostname: "::1", port: 5432 }, { tls: false }),
      record(Kind.tunnelOpened, 1, 1, 0, {
        destination: { hostname: "::1", port: 5432 },
        reason: "upstream-first",
        from: null,
      }),
      record(Kind.responseBody, 1, 1, 1, "hello"),
      done(1, 1, { responseContent: 5, responseWire: 5 }, 2),
    );
    expect(events(log).map(({ event }) => event)).toEqual(["flow.request", "flow.done"]);
    expect(log.flow("f_1")).toMatchObject({
      kind: "tunnel",
      method: "CONNECT",
      url: "[::1]:5432",
      host: "::1",
      port: 5432,
      scheme: "tcp",
      http: "",
      tunnel: "upstream-first",
      status: null,
      req: { headers: [], wire: 0 },
      res: { headers: [], wire: 5 },
      upstream: { addr: "127.0.0.9:5432", reused: false },
    });
  });

  it("shows garbage that never became a request", () => {
    const log = createLog();
    play(
      log,
      record(Kind.connectionOpened, 1, 0, 0, { client: { address: "::1", port: 9 } }),
      record(Kind.attemptOpened, 1, 1, 0, { destination: null }),
      record(Kind.requestBody, 1, 1, 0, "\x00\x1b[2J"),
      failed(1, 1, { code: "not-http", leg: "client", requestContent: 5, requestWire: 5 }),
    );
    expect(log.flow("f_1")).toMatchObject({
      kind: "attempt",
      state: "failed",
      method: "",
      url: "",
      host: "",
      port: 0,
      req: { wire: 5 },
      res: null,
      client: { addr: "[::1]:9" },
      error: { code: "not-http", leg: "client", step: "request" },
    });
    expect(Buffer.from(log.body("f_1", "req")?.content ?? []).toString()).toBe("\x00\x1b[2J");
  });

  it("shows the head of a request that was refused", () => {
    const log = createLog();
    play(
      log,
      record(Kind.attemptOpened, 1, 1, 0, { destination: { hostname: "a.test", port: 80 } }),
      record(Kind.requestHead, 1, 1, 0, "GET / HTTP/1.1\r\nbad header\r\n\r\n"),
      record(Kind.responseOurs, 1, 1, 0),
      record(Kind.responseHead, 1, 1, 0, "HTTP/1.1 400 Bad Request\r\nplainwire-error: request-malformed\r\n\r\n"),
      failed(1, 1, { code: "request-malformed", leg: "client", answered: true }),
    );
    expect(log.flow("f_1")).toMatchObject({
      url: "a.test:80",
      req: { headers: [["bad header", ""]] },
      status: 400,
      res: { ours: true },
      error: { answered: 400 },
    });
  });
});

describe("interim responses", () => {
  const interim = record(Kind.responseInterim, 1, 1, 0, "HTTP/1.1 100 Continue\r\n\r\n");

  it("are a response that began, even if no other comes", () => {
    const log = createLog();
    play(log, ...connect(1, EXAMPLE), get(1, 1), interim, failed(1, 1, { code: "upstream-reset" }));
    expect(log.flow("f_1")).toMatchObject({ status: null, res: { interim: [100], headers: [] } });
  });

  it("are not remembered without end", () => {
    const log = createLog();
    play(log, ...connect(1, EXAMPLE), get(1, 1), ...Array<typeof interim>(1_000).fill(interim));
    expect(log.flow("f_1")?.res?.interim).toHaveLength(32);
  });
});

describe("the upstream of a flow", () => {
  it("is new for the first flow, and reused by those after it", () => {
    const log = createLog();
    play(log, ...connect(1, EXAMPLE), get(1, 1), ok(1, 1), done(1, 1), get(1, 2), ok(1, 2), done(1, 2));
    expect(log.flow("f_1")).toMatchObject({
      timing: { dns: 1.5, connect: 2.25, tls: 4.5 },
      upstream: { reused: false },
    });
    expect(log.flow("f_2")).toMatchObject({
      timing: { dns: null, connect: null, tls: null },
      upstream: { reused: true },
    });
    expect(log.flow("f_2")?.tls.upstream).toMatchObject({ verified: true });
  });

  it("is found if it came after the request", () => {
    const log = createLog();
    const [opened, destination, dial, ...tls] = connect(1, EXAMPLE);
    play(log, opened!, destination!, get(1, 1), dial!, ...tls);
    expect(log.flow("f_1")).toMatchObject({ state: "open", upstream: { addr: "127.0.0.9:443", reused: false } });
    play(log, ok(1, 1), done(1, 1), get(1, 2));
    expect(log.flow("f_1")).toMatchObject({ timing: { dns: 1.5 }, upstream: { reused: false } });
    expect(log.flow("f_2")).toMatchObject({ timing: { dns: null }, upstream: { reused: true } });
  });

  it("is an exchange's own on a plain-HTTP proxy connection, and reused by the next one for the same host", () => {
    const log = createLog();
    const [a, b] = [
      { hostname: "a.test", port: 80 },
      { hostname: "b.test", port: 8000 },
    ];
    play(
      log,
      record(Kind.connectionOpened, 1, 0, 0, { client: { address: "127.0.0.1", port: 9 } }),
      get(1, 1, "http://a.test/one"),
      record(Kind.dialled, 1, 1, 0, dialled(a)),
      done(1, 1),
      get(1, 2, "http://b.test:8000/two"),
      record(Kind.dialled, 1, 2, 0, dialled(b)),
      done(1, 2),
      get(1, 3, "http://A.test/three"),
      done(1, 3),
    );
    const seen = [1, 2, 3].map((number) => log.flow(`f_${number}`));
    expect(seen.map((flow) => [flow?.url, flow?.upstream, flow?.timing.connect])).toEqual([
      ["http://a.test/one", { addr: "127.0.0.9:80", reused: false }, 2.25],
      ["http://b.test:8000/two", { addr: "127.0.0.9:8000", reused: false }, 2.25],
      ["http://A.test/three", { addr: "127.0.0.9:80", reused: true }, null],
    ]);
  });

  it("is forgotten when its client has gone on to many other hosts", () => {
    const log = createLog();
    play(log, record(Kind.connectionOpened, 1, 0, 0, { client: { address: "127.0.0.1", port: 9 } }));
    for (let number = 1; number <= 20; number++) {
      const dial = record(Kind.dialled, 1, number, 0, dialled({ hostname: `h${number}.test`, port: 80 }));
      play(log, get(1, number, `http://h${number}.test/`), dial, done(1, number));
    }
    play(log, get(1, 30, "http://h4.test/"), get(1, 31, "http://h5.test/"));
    expect([log.flow("f_u")?.upstream, log.flow("f_v")?.upstream]).toEqual([
      null,
      { addr: "127.0.0.9:80", reused: true },
    ]);
  });
});
