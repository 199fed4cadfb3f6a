import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageReader } from "../../src/wire/http1.ts";
import { dechunk } from "../../src/wire/http1-message.ts";
import { type Case, CHUNKED, REQUESTS, RESPONSES } from "./http1-cases.ts";
import { relay, type Relayed, waysToCut } from "./http1-relay.ts";

const CHUNKED_HEAD = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** However the bytes are cut, the outcome must be the one of the whole. */
function relayInAllCuts(
  side: "request" | "response",
  text: string,
  ...rest: [answers?: MessageReader["requestMethod"][], headBytes?: number]
): Relayed {
  const [whole, ...others] = waysToCut(latin1(text)).map((pieces) => relay(side, pieces, ...rest));
  if (whole === undefined) throw new Error("nothing was relayed");
  for (const other of others) {
    // What was shown of a faulty head depends on how much had come.
    expect({ ...other, pending: "" }).toEqual({ ...whole, pending: "" });
  }
  return whole;
}

function table(name: string, side: "request" | "response", cases: Case[]): void {
  describe(name, () => {
    it.each(cases)("$title: $fault", ({ bytes, fault }) => {
      const relayed = relayInAllCuts(side, bytes);
      expect(relayed.fault).toBe(fault);
      if (fault !== null) return;
      expect(relayed.end).toBe("complete");
      expect(relayed.messages).toHaveLength(1);
      expect(`${bytes.startsWith("\r\n") ? "\r\n" : ""}${relayed.passed}`).toBe(bytes);
    });
  });
}

table("requests", "request", REQUESTS);
table("chunked bodies", "request", CHUNKED);
table("responses", "response", RESPONSES);

describe("a faulty message", () => {
  it("is passed on no further than to its fault", () => {
    expect(
      relay("request", [latin1("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")])
        .passed,
    ).toBe("");
    const { passed } = relayInAllCuts(
      "request",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\nx",
    );
    expect(passed).toMatch(/3\r\nabc\r\n5$/);
  });

  it("can be shown, with what came behind it", () => {
    const text = "GET / HTTP/1.1\nHost: a\r\n\r\nmore";
    expect(relay("request", [latin1(text)]).pending).toBe(text);
    expect(relay("request", [latin1("GET / HT"), latin1("TP/1.1\nHo")]).pending).toBe("GET / HTTP/1.1\nHo");
  });

  it("leaves the messages before it alone", () => {
    const good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const { messages, passed, fault } = relayInAllCuts("request", `${good}${good}GET / HTTP/9.9\r\n\r\n`);
    expect({ messages: messages.length, passed, fault }).toEqual({
      messages: 2,
      passed: good + good,
      fault: "version",
    });
  });

  it.each([
    ["in its first line", "GET / HTTP/1.1\n"],
    ["in a field", "GET / HTTP/1.1\r\nX: a\0"],
    ["in a chunk's size", `${CHUNKED_HEAD}5;a\0`],
    ["in a trailer", `${CHUNKED_HEAD}0\r\nA: b\r\nC\0`],
  ])("%s is forgotten by reset", (_, faulty) => {
    const reader = new MessageReader("request", { headBytes: 100 });
    const bytes = reader.readHead(latin1(faulty));
    if (bytes !== null) reader.readBody(bytes, reader.head.byteLength);
    expect(reader.state).toBe("fault");
    reader.reset();
    for (const text of ["PUT / HTTP/1.0\r\nContent-Length: 1\r\n\r\n!", `${CHUNKED_HEAD}1\r\n!\r\n0\r\nA: b\r\n\r\n`]) {
      const next = reader.readHead(latin1(text));
      expect(next?.length).toBe(text.length);
      expect(reader.readBody(latin1(text), reader.head.byteLength)).toBe(text.length);
      expect({ state: reader.state, fault: reader.fault, content: reader.content }).toEqual({
        state: "done",
        fault: null,
        content: 1,
      });
      reader.reset();
    }
  });

  it("is explained in words", () => {
    const reader = new MessageReader("request", { headBytes: 100 });
    reader.readHead(latin1("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
    expect(reader.fault).toEqual({ code: "host-duplicate", message: "a request with more than one Host field" });
  });
});

describe("limits", () => {
  const head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  it("a head may be as large as the limit, and not a byte larger", () => {
    expect(relayInAllCuts("request", head, [], head.length).fault).toBe(null);
    expect(relayInAllCuts("request", head, [], head.length - 1).fault).toBe("head-too-large");
    expect(relayInAllCuts("request", "X".repeat(40), [], 30).fault).toBe("head-too-large");
  });

  it("a trailer section may be as large as the limit, and not a byte larger", () => {
    const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    const trailers = `A: ${"b".repeat(60)}\r\n\r\n`;
    expect(relayInAllCuts("response", chunked + trailers, [], trailers.length).fault).toBe(null);
    expect(relayInAllCuts("response", `${chunked}A${trailers}`, [], trailers.length).fault).toBe("trailers-too-large");
  });

  it("a line with a chunk's size may have 16 KiB, over as many pieces as it likes", () => {
    const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const line = (length: number): string => `0;${"e".repeat(length - 4)}\r\n`;
    expect(relayInAllCuts("request", `${chunked}${line(16 * 1024)}\r\n`).fault).toBe(null);
    expect(relayInAllCuts("request", `${chunked}${line(16 * 1024 + 1)}\r\n`).fault).toBe("chunk-line-too-long");
  });
});

describe("facts of a request", () => {
  const facts = (fields: string, version = "1.1") =>
    relayInAllCuts("request", `GET /a?b HTTP/${version}\r\nHost: a\r\n${fields}\r\n`).messages[0];

  it.each([
    ["the connection stays open", "", "1.1", { keepAlive: true }],
    ["Connection: close", "Connection: close\r\n", "1.1", { keepAlive: false }],
    ["Connection: close in a list", "Connection: x , CLOSE\r\n", "1.1", { keepAlive: false }],
    [
      "Connection: close in a second field",
      "Connection: keep-alive\r\nConnection: close\r\n",
      "1.1",
      { keepAlive: false },
    ],
    ["an option that only contains close", "Connection: closed, enclose\r\n", "1.1", { keepAlive: true }],
    ["HTTP/1.0 closes", "", "1.0", { keepAlive: false }],
    ["HTTP/1.0 with keep-alive", "Connection: Keep-Alive\r\n", "1.0", { keepAlive: true }],
    ["an upgrade", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n", "1.1", { upgrade: true }],
    ["Upgrade that Connection does not list", "Upgrade: websocket\r\n", "1.1", { upgrade: false }],
    ["Connection: upgrade without Upgrade", "Connection: upgrade\r\n", "1.1", { upgrade: false }],
    ["Expect: 100-continue", "Expect: 100-Continue\r\n", "1.1", { expectContinue: true }],
    ["another expectation", "Expect: 200-ok\r\n", "1.1", { expectContinue: false }],
    ["Host is counted", "", "1.0", { hosts: 1 }],
    ["no body", "", "1.1", { body: "none", length: 0 }],
    ["method, target, version", "", "1.0", { startLine: "GET /a?b HTTP/1.0" }],
  ] as const)("%s", (_, fields, version, expected) => {
    expect(facts(fields, version)).toMatchObject(expected);
  });

  it("an empty body and none are told apart", () => {
    expect(facts("Content-Length: 0\r\n")).toMatchObject({ body: "length", length: 0 });
    const reader = new MessageReader("request", { headBytes: 100 });
    reader.readHead(latin1("PUT / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"));
    expect(reader.state).toBe("done");
  });

  it("methods are case-sensitive", () => {
    expect(
      relay("request", [latin1("get / HTTP/1.0\r\n\r\nGETTING / HTTP/1.0\r\n\r\n")]).messages.map(
        ({ startLine }) => startLine,
      ),
    ).toEqual(["get / HTTP/1.0", "GETTING / HTTP/1.0"]);
  });
});

describe("where a response ends", () => {
  const head = (status: string, fields = ""): string => `HTTP/1.1 ${status} X\r\n${fields}\r\n`;
  const next = head("200", "Content-Length: 0\r\n");

  it.each([
    ["to HEAD: behind its head", "HEAD", head("200", "Content-Length: 5\r\n")],
    ["to HEAD, chunked: behind its head", "HEAD", head("200", "Transfer-Encoding: chunked\r\n")],
    ["to HEAD, without any length: behind its head", "HEAD", head("200")],
    ["204: behind its head", "other", head("204", "Content-Length: 5\r\n")],
    ["304: behind its head", "other", head("304", "Transfer-Encoding: chunked\r\n")],
    ["2xx to CONNECT: behind its head", "CONNECT", head("200", "Content-Length: 5\r\n")],
    ["101: behind its head", "other", head("101", "Connection: upgrade\r\nUpgrade: x\r\n")],
    ["404 to CONNECT: behind its body", "CONNECT", `${head("404", "Content-Length: 5\r\n")}hello`],
    ["with a length: behind its body", "other", `${head("200", "Content-Length: 5\r\n")}hello`],
  ] as const)("%s", (_, method, bytes) => {
    const { messages, fault } = relayInAllCuts("response", bytes + next, [method, "other"]);
    expect(fault).toBe(null);
    expect(messages).toHaveLength(2);
  });

  it("without a length: where the connection ends", () => {
    const { messages, end } = relayInAllCuts("response", `${head("200")}hello${next}`);
    expect(messages).toMatchObject([{ body: "close", content: 5 + next.length, keepAlive: false }]);
    expect(end).toBe("complete");
  });

  it("1xx come before it, and the method still counts", () => {
    const { messages } = relayInAllCuts(
      "response",
      head("103", "Link: x\r\n") + head("100") + head("200", "Content-Length: 9\r\n"),
      ["HEAD"],
    );
    expect(messages).toMatchObject([{ body: "none" }, { body: "none" }, { body: "none", startLine: "HTTP/1.1 200" }]);
  });

  it("101 is an upgrade", () => {
    expect(relayInAllCuts("response", head("101")).messages).toMatchObject([{ upgrade: true, body: "none" }]);
  });
});

describe("a peer that closes", () => {
  const full = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n";

  it("in the middle of a message has truncated it, wherever that is", () => {
    for (let at = 1; at < full.length; at++) {
      expect({ at, end: relay("request", [latin1(full.slice(0, at))]).end }).toEqual({ at, end: "truncated" });
    }
  });

  it("between two messages has not", () => {
    expect(relay("request", []).end).toBe("complete");
    expect(relay("request", [latin1(full)]).end).toBe("complete");
    expect(relay("request", [latin1(`${full}\r\n`)]).end).toBe("complete");
  });

  it("in the middle of a body with a length has truncated it", () => {
    expect(relay("response", [latin1("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell")]).end).toBe("truncated");
  });

  it("in the middle of a head leaves it there to be shown", () => {
    expect(relay("request", [latin1("GET / HT"), latin1("TP/1.1\r\nHo")]).pending).toBe("GET / HTTP/1.1\r\nHo");
  });
});

describe("bytes", () => {
  it("of a head that comes whole are not copied", () => {
    const reader = new MessageReader("request", { headBytes: 100 });
    const chunk = latin1("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest");
    expect(reader.readHead(chunk)).toBe(chunk);
  });

  it("that were given out are not written over by the next head", () => {
    const reader = new MessageReader("request", { headBytes: 100 });
    reader.readHead(latin1("GET /first HTTP/1.0\r\n"));
    const first = reader.readHead(latin1("\r\n"));
    reader.reset();
    reader.readHead(latin1("PUT /second HTTP/1.0\r\n"));
    reader.readHead(latin1("\r\n"));
    expect(first?.toString()).toBe("GET /first HTTP/1.0\r\n\r\n");
  });

  it("empty lines in front of a request are not passed on", () => {
    const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const { passed, messages } = relayInAllCuts("request", `\r\n\r\n${request}\r\n${request}`);
    expect(passed).toBe(request + request);
    expect(messages).toHaveLength(2);
  });

  it("four empty lines may be in front of each request", () => {
    const requests = "\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n".repeat(3);
    expect(relayInAllCuts("request", requests)).toMatchObject({ fault: null, messages: { length: 3 } });
  });

  it("trailers are given without the final empty line", () => {
    const { messages } = relayInAllCuts(
      "response",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n!\r\n0\r\nA: b\r\nC: d\r\n\r\n",
    );
    expect(messages).toMatchObject([{ trailers: "A: b\r\nC: d\r\n", content: 1 }]);
  });
});

describe("hostile pieces", () => {
  it("a head of 200 KB that trickles in is read once", () => {
    const reader = new MessageReader("request", { headBytes: 300_000 });
    const head = latin1(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(200_000)}\r\n\r\n`);
    let result: Buffer | null = null;
    for (let at = 0; at < head.length; at++) result = reader.readHead(head.subarray(at, at + 1));
    expect(result?.equals(head)).toBe(true);
    expect(reader.state).toBe("done");
  });

  it("a body of one-byte chunks is read at one go", () => {
    const reader = new MessageReader("response", { headBytes: 1000 });
    reader.readHead(latin1("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    const piece = latin1("1\r\nx\r\n".repeat(11_000));
    for (let i = 0; i < 100; i++) expect(reader.readBody(piece, 0)).toBe(piece.length);
    expect(reader.content).toBe(1_100_000);
  });
});

describe("properties", () => {
  const field = fc
    .tuple(fc.stringMatching(/^[!#-'*+.^-z|~-]{1,12}$/), fc.stringMatching(/^[\x20-\x7e]{0,20}$/))
    .filter(([name]) => !/^(content-length|transfer-encoding|host)$/i.test(name));
  const body = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  const pieces = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 12 });
  const message = fc.record({
    method: fc.constantFrom("GET", "POST", "X-1"),
    fields: fc.array(field, { maxLength: 5 }),
    body,
    chunks: fc.option(pieces),
    trailers: fc.array(field, { maxLength: 2 }),
  });

  it("what is passed on is what came, and the content is the body, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), pieces, (messages, cuts) => {
        const wire = Buffer.concat(messages.map(serialise));
        const relayed = relay("request", cut(wire, cuts), [], 2000);
        expect(relayed.fault).toBe(null);
        expect(relayed.passed).toBe(wire.toString("latin1"));
        expect(relayed.messages.map(contentOf)).toEqual(messages.map(({ body: sent }) => sent.toString("latin1")));
        expect(relayed.messages.map(({ content }) => content)).toEqual(messages.map(({ body: sent }) => sent.length));
      }),
    );
  });

  it("damaged messages neither throw nor are read past their end, and cuts change nothing", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 9, 10, 13, 32, 44, 48, 58, 59, 99, 0xff)), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 3 }),
        damage,
        pieces,
        fc.constantFrom("request" as const, "response" as const),
        (messages, hits, cuts, side) => {
          const wire = Buffer.concat(messages.map(side === "request" ? serialise : serialiseResponse));
          for (const [at, octet] of hits) wire[at % wire.length] = octet;
          const whole = relay(side, [wire], [], 2000);
          const inPieces = relay(side, cut(wire, cuts), [], 2000);
          expect({ ...inPieces, pending: "" }).toEqual({ ...whole, pending: "" });
          expect(wire.toString("latin1").endsWith(whole.pending)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  function serialise(sent: {
    method: string;
    fields: [string, string][];
    body: Buffer;
    chunks: number[] | null;
    trailers: [string, string][];
  }): Buffer {
    return Buffer.concat([latin1(`${sent.method} /x HTTP/1.1\r\nHost: a\r\n`), ...rest(sent)]);
  }

  function serialiseResponse(sent: {
    fields: [string, string][];
    body: Buffer;
    chunks: number[] | null;
    trailers: [string, string][];
  }): Buffer {
    return Buffer.concat([latin1("HTTP/1.1 200 Fine\r\n"), ...rest(sent)]);
  }

  function rest(sent: {
    fields: [string, string][];
    body: Buffer;
    chunks: number[] | null;
    trailers: [string, string][];
  }): Buffer[] {
    const lines = (fields: [string, string][]): string =>
      fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    if (sent.chunks === null)
      return [latin1(`${lines(sent.fields)}Content-Length: ${sent.body.length}\r\n\r\n`), sent.body];
    const chunks = cut(sent.body, sent.chunks).map((data) =>
      Buffer.concat([latin1(`${data.length.toString(16)};x\r\n`), data, latin1("\r\n")]),
    );
    return [
      latin1(`${lines(sent.fields)}Transfer-Encoding: chunked\r\n\r\n`),
      ...chunks,
      latin1(`0\r\n${lines(sent.trailers)}\r\n`),
    ];
  }
});

function contentOf(message: { body: string; wire: string }): string {
  if (message.body !== "chunked") return message.wire;
  const { content, complete } = dechunk(latin1(message.wire));
  return complete ? Buffer.from(content).toString("latin1") : "incomplete";
}

/** Cuts into pieces of these lengths, over and over; no piece is empty. */
function cut(bytes: Buffer, lengths: number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = (lengths[i % lengths.length] ?? 0) + 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
