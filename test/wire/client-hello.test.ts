import { once } from "node:events";
import { duplexPair } from "node:stream";
import tls from "node:tls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientHelloReader, isServerName, parseClientHello } from "../../src/wire/client-hello.ts";

const u8 = (value: number): Buffer => Buffer.of(value);
const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
const short = (...parts: Buffer[]): Buffer => prefixed(u8, parts);
const long = (...parts: Buffer[]): Buffer => prefixed(u16, parts);
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const extension = (type: number, ...data: Buffer[]): Buffer => Buffer.concat([u16(type), long(...data)]);

const serverName = (name: string): Buffer => extension(0, long(u8(0), long(latin1(name))));
const protocols = (...names: string[]): Buffer => extension(16, long(...names.map((name) => short(latin1(name)))));

interface Made {
  version?: number;
  session?: Buffer;
  suites?: Buffer;
  extensions?: Buffer[] | null;
  behind?: Buffer;
}

/** A handshake message. */
function clientHello({
  version = 0x0303,
  session = Buffer.alloc(0),
  suites = u16(0x1301),
  extensions = [],
  behind = Buffer.alloc(0),
}: Made): Buffer {
  const list = extensions === null ? Buffer.alloc(0) : long(...extensions);
  const body = Buffer.concat([
    u16(version),
    Buffer.alloc(32, 7),
    short(session),
    long(suites),
    short(u8(0)),
    list,
    behind,
  ]);
  return Buffer.concat([u8(1), u8(body.length >> 16), u16(body.length), body]);
}

/** The message in records of at most `size` bytes. */
function records(message: Buffer, size = 0x4000): Buffer {
  const made: Buffer[] = [];
  for (let at = 0; at < message.length; at += size)
    made.push(u8(22), u16(0x0301), long(message.subarray(at, at + size)));
  return Buffer.concat(made);
}

function read(pieces: Buffer[]): { verdict: string; reader: ClientHelloReader } {
  const reader = new ClientHelloReader();
  let verdict: string = "more";
  for (const piece of pieces) {
    verdict = reader.push(piece);
    if (verdict !== "more") break;
  }
  return { verdict, reader };
}

const bytewise = (bytes: Buffer): Buffer[] => Array.from(bytes, (octet) => Buffer.of(octet));

const USUAL = clientHello({
  session: Buffer.alloc(32, 1),
  suites: Buffer.concat([u16(0x2a2a), u16(0x1301), u16(0xc02b)]),
  extensions: [
    extension(0x1a1a),
    serverName("example.com"),
    protocols("h2", "http/1.1"),
    extension(43, short(u16(0xfafa), u16(0x0304), u16(0x0303), u16(0x0a1a))),
    extension(0xfe0d, u8(0)),
  ],
});

describe("a ClientHello", () => {
  it("tells what the client asks for", () => {
    expect(parseClientHello(USUAL)).toEqual({
      bytes: USUAL,
      sni: "example.com",
      alpn: ["h2", "http/1.1"],
      versions: [0x0304, 0x0303, 0x0a1a],
      legacyVersion: 0x0303,
      cipherSuites: [0x2a2a, 0x1301, 0xc02b],
      sessionIdLength: 32,
      extensions: [0x1a1a, 0, 16, 43, 0xfe0d],
      ech: true,
    });
  });

  it("of an old client has no extensions, and the version of its head", () => {
    const expected = { sni: null, alpn: [], versions: [0x0301], extensions: [], ech: false, sessionIdLength: 0 };
    expect(parseClientHello(clientHello({ version: 0x0301, extensions: null }))).toMatchObject(expected);
  });

  it("gives hostile names as they are", () => {
    expect(parseClientHello(clientHello({ extensions: [serverName("a\x1b[31m\n\xff")] }))?.sni).toBe("a\x1b[31m\n\xff");
  });

  it("of Node itself is read", async () => {
    const [ours, theirs] = duplexPair();
    const socket = tls.connect({ socket: theirs, servername: "node.test", ALPNProtocols: ["x/1", "http/1.1"] });
    socket.on("error", () => {});
    const [bytes] = (await once(ours, "data")) as [Buffer];
    socket.destroy();
    const { verdict, reader } = read([bytes]);
    expect(verdict).toBe("done");
    expect(reader.hello).toMatchObject({ sni: "node.test", alpn: ["x/1", "http/1.1"], versions: [0x0304, 0x0303] });
  });
});

describe("the pieces of a ClientHello", () => {
  it.each([1, 3, 4, 5, 40, 100, 0x4000])("records of %i bytes, whole and byte by byte", (size) => {
    const bytes = records(USUAL, size);
    for (const pieces of [[bytes], bytewise(bytes)]) {
      const { verdict, reader } = read(pieces);
      expect(verdict).toBe("done");
      expect(reader.hello?.bytes.equals(USUAL)).toBe(true);
      expect(reader.hello?.sni).toBe("example.com");
    }
  });

  it("any part of it is not enough", () => {
    const bytes = records(USUAL, 100);
    for (let length = 0; length < bytes.length; length++) {
      expect({ length, verdict: read([bytes.subarray(0, length)]).verdict }).toEqual({ length, verdict: "more" });
    }
  });

  it("what follows it is left aside", () => {
    const { reader } = read([Buffer.concat([records(USUAL), latin1("early data")])]);
    expect(reader.hello?.bytes.equals(USUAL)).toBe(true);
    expect(parseClientHello(Buffer.concat([USUAL, latin1("x")]))?.bytes.equals(USUAL)).toBe(true);
  });
});

describe("what is not TLS", () => {
  const withRecord = (type: number, version: number, length: number): Buffer =>
    Buffer.concat([u8(type), u16(version), u16(length), Buffer.alloc(8, 1)]);

  it.each([
    ["HTTP", latin1("GET / HTTP/1.1\r\n\r\n")],
    ["an alert", withRecord(21, 0x0301, 2)],
    ["a record of version 2", withRecord(22, 0x0201, 8)],
    ["an empty record", Buffer.concat([Buffer.of(22, 3, 1, 0, 0), records(USUAL)])],
    ["a record of more than 16 KiB", withRecord(22, 0x0301, 0x4001)],
    ["a ServerHello", records(Buffer.concat([u8(2), USUAL.subarray(1)]))],
    ["an alert between two pieces", Buffer.concat([records(USUAL.subarray(0, 50)), withRecord(21, 0x0301, 2)])],
    ["a malformed ClientHello", records(clientHello({ behind: u8(0) }))],
  ])("%s", (_, bytes) => {
    expect(read([bytes]).verdict).toBe("not-tls");
    expect(read(bytewise(bytes)).verdict).toBe("not-tls");
  });

  it("a ClientHello of more than 64 KiB, at the latest when these have come", () => {
    const endless = records(Buffer.concat([Buffer.of(1, 0xff, 0xff, 0xff), Buffer.alloc(70_000)]));
    expect(read([endless.subarray(0, 65_536)]).verdict).toBe("more");
    expect(read([endless.subarray(0, 65_537)]).verdict).toBe("not-tls");
    const padded = (bytes: number): Buffer =>
      records(clientHello({ extensions: [extension(21, Buffer.alloc(bytes))] }));
    expect(read([padded(65_400)]).verdict).toBe("done");
    expect(read([padded(65_500)]).verdict).toBe("not-tls");
  });
});

describe("a malformed ClientHello is none", () => {
  it.each([
    ["half a cipher suite", { suites: Buffer.alloc(3) }],
    ["bytes behind the extensions", { behind: u8(0) }],
    ["an extension cut short", { extensions: [Buffer.concat([u16(23), u16(5), u8(0)])] }],
    ["half an extension's head", { extensions: [Buffer.alloc(3)] }],
    ["two server names fields", { extensions: [serverName("a.test"), serverName("b.test")] }],
    [
      "two names in one field",
      { extensions: [extension(0, long(u8(0), long(latin1("a")), u8(0), long(latin1("b"))))] },
    ],
    ["a server name longer than its list", { extensions: [extension(0, long(u8(0), u16(9), latin1("a")))] }],
    ["an empty server name", { extensions: [serverName("")] }],
    ["a server name of another type", { extensions: [extension(0, long(u8(1), long(latin1("a"))))] }],
    ["an empty list of protocols", { extensions: [protocols()] }],
    ["an empty protocol", { extensions: [protocols("h2", "")] }],
    ["a protocol cut short", { extensions: [extension(16, long(u8(9), latin1("h2")))] }],
    ["half a version", { extensions: [extension(43, short(Buffer.alloc(3)))] }],
    ["bytes behind the versions", { extensions: [extension(43, short(u16(0x0304)), u8(0))] }],
  ])("%s", (_, made) => {
    expect(parseClientHello(clientHello(made))).toBe(null);
  });

  it("cut anywhere", () => {
    for (let length = 0; length < USUAL.length; length++)
      expect(parseClientHello(USUAL.subarray(0, length))).toBe(null);
  });

  it("with any length in it wrong, nothing throws", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(USUAL.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (damage) => {
          const bytes = Buffer.from(USUAL);
          for (const [at, octet] of damage) bytes[at] = octet;
          const hello = parseClientHello(bytes);
          expect(hello === null || bytes.subarray(0, hello.bytes.length).equals(hello.bytes)).toBe(true);
          read([records(bytes, 50)]);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a name that a certificate may be made for", () => {
  it.each([
    "example.com",
    "EXAMPLE.com",
    "localhost",
    "a_b.test",
    "r3---sn-x.test",
    "xn--bcher-kva.example",
    "1and1.test",
    "1.2.3.4.test",
    `${"a".repeat(63)}.test`,
    `${"a.".repeat(126)}b`,
  ])("%s", (name) => {
    expect(isServerName(name)).toBe(true);
  });

  it.each([
    ["", "nothing"],
    ["127.0.0.1", "IPv4"],
    ["127.1", "IPv4 in short"],
    ["0x7f000001", "IPv4 in hexadecimal"],
    ["::1", "IPv6"],
    ["[::1]", "IPv6 in brackets"],
    ["a..b", "an empty label"],
    [".a", "an empty first label"],
    ["a.", "a final dot"],
    [`${"a".repeat(64)}.test`, "a label of 64"],
    [`${"a.".repeat(126)}bb`, "254 in all"],
    ["*.example.com", "a wildcard"],
    ["a b", "a space"],
    ["a\n", "a line break"],
    ["a\x1b[m", "an escape"],
    ["b\xfccher.example", "Latin-1"],
    ["a:443", "a port"],
    ["a/b", "a slash"],
    ["a\0.test", "NUL"],
  ])("not %j: %s", (name) => {
    expect(isServerName(name)).toBe(false);
  });
});

function prefixed(length: (value: number) => Buffer, parts: Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  return Buffer.concat([length(data.length), data]);
}
