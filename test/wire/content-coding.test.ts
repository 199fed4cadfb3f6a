import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeContent } from "../../src/wire/content-coding.ts";

const TEXT = Buffer.from(Array.from({ length: 5000 }, (_, i) => `line ${(i * 7919) % 10007}`).join("\n"));
const LIMIT = 1024 * 1024;
const fast = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };
const CODINGS: [string, (content: Buffer) => Buffer][] = [
  ["gzip", (content) => zlib.gzipSync(content)],
  ["x-gzip", (content) => zlib.gzipSync(content)],
  ["deflate", (content) => zlib.deflateSync(content)],
  ["deflate", (content) => zlib.deflateRawSync(content)],
  ["br", (content) => zlib.brotliCompressSync(content, fast)],
  ["zstd", (content) => zlib.zstdCompressSync(content)],
];

describe.each(CODINGS)("%s", (coding, encode) => {
  const encoded = encode(TEXT);

  it("is undone", () => {
    expect(decodeContent(encoded, [coding], LIMIT)).toEqual({ bytes: TEXT, truncated: false, error: null });
  });

  it("cut anywhere gives what there is of it", () => {
    for (let length = 1; length < encoded.length; length += 997) {
      const { bytes, truncated, error } = decodeContent(encoded.subarray(0, length), [coding], LIMIT);
      expect({ truncated, error }).toEqual({ truncated: true, error: null });
      expect(bytes.equals(TEXT.subarray(0, bytes.length))).toBe(true);
    }
  });

  it("stops at the limit exactly", () => {
    const { bytes, truncated, error } = decodeContent(encoded, [coding], 1000);
    expect({ truncated, error }).toEqual({ truncated: true, error: null });
    expect(bytes.equals(TEXT.subarray(0, 1000))).toBe(true);
    expect(decodeContent(encoded, [coding], TEXT.length).truncated).toBe(false);
  });

  it("of which nothing came is nothing", () => {
    expect(decodeContent(Buffer.alloc(0), [coding], LIMIT)).toEqual({
      bytes: Buffer.alloc(0),
      truncated: false,
      error: null,
    });
  });

  it("that is a bomb gives the limit", () => {
    const { bytes, truncated, error } = decodeContent(encode(Buffer.alloc(24 * LIMIT)), [coding], LIMIT);
    expect({ length: bytes.length, truncated, error }).toEqual({ length: LIMIT, truncated: true, error: null });
  });
});

it("a bomb of a gibibyte needs little memory", () => {
  const member = zlib.gzipSync(Buffer.alloc(16 * LIMIT));
  const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));
  const peak = process.resourceUsage().maxRSS;
  decodeContent(bomb, ["gzip"], LIMIT);
  expect(process.resourceUsage().maxRSS - peak).toBeLessThan(64 * 1024);
});

describe("several codings", () => {
  const nested = zlib.brotliCompressSync(zlib.gzipSync(TEXT), fast);

  it("are undone from the last to the first", () => {
    expect(decodeContent(nested, ["gzip", "identity", " BR "], LIMIT).bytes.equals(TEXT)).toBe(true);
    expect(decodeContent(nested, ["br", "gzip"], LIMIT).error).toMatch(/^the content is not valid gzip: /);
  });

  it("that are cut give what there is", () => {
    const { bytes, truncated } = decodeContent(nested.subarray(0, -100), ["gzip", "br"], LIMIT);
    expect(truncated).toBe(true);
    expect(bytes.length > 0 && bytes.equals(TEXT.subarray(0, bytes.length))).toBe(true);
  });

  it("that are cut behind the last byte of what is in them are cut nevertheless", () => {
    const sent = zlib.gzipSync(zlib.gzipSync(TEXT)).subarray(0, -8);
    expect(decodeContent(sent, ["gzip", "gzip"], LIMIT)).toEqual({ bytes: TEXT, truncated: true, error: null });
  });

  it("four at most", () => {
    expect(decodeContent(TEXT, ["identity", "identity", "identity", "identity"], LIMIT).error).toBe(null);
    expect(decodeContent(TEXT, ["gzip", "gzip", "gzip", "gzip", "gzip"], LIMIT)).toEqual({
      bytes: TEXT,
      truncated: false,
      error: "more than 4 content codings on top of each other",
    });
  });
});

describe("content that can't be decoded is given as sent", () => {
  it("an unknown coding", () => {
    expect(decodeContent(TEXT, ["sdch"], LIMIT)).toEqual({
      bytes: TEXT,
      truncated: false,
      error: 'unknown content coding "sdch"',
    });
  });

  it("an unknown coding under a known one", () => {
    const sent = zlib.gzipSync(TEXT);
    expect(decodeContent(sent, ["sdch", "gzip"], LIMIT).bytes.equals(sent)).toBe(true);
  });

  it.each(["gzip", "deflate", "br", "zstd"])("text that is said to be %s", (coding) => {
    const sent = Buffer.from("<html>not compressed at all</html>".repeat(4));
    const { bytes, truncated, error } = decodeContent(sent, [coding], LIMIT);
    expect(error).toMatch(`the content is not valid ${coding}: `);
    expect({ bytes, truncated }).toEqual({ bytes: sent, truncated: false });
  });

  it("up to the limit", () => {
    expect(decodeContent(TEXT, ["sdch"], 10)).toMatchObject({ bytes: TEXT.subarray(0, 10), truncated: true });
  });

  it("gzip that is corrupt in its middle", () => {
    const sent = zlib.gzipSync(TEXT);
    sent.fill(0xff, 1000, 1050);
    expect(decodeContent(sent, ["gzip"], LIMIT)).toMatchObject({
      bytes: sent,
      error: expect.stringMatching(/^the content is not valid gzip/),
    });
  });
});

it("no coding: the content itself, up to the limit", () => {
  expect(decodeContent(TEXT, [], LIMIT)).toEqual({ bytes: TEXT, truncated: false, error: null });
  expect(decodeContent(TEXT, [], 5)).toEqual({ bytes: TEXT.subarray(0, 5), truncated: true, error: null });
});
