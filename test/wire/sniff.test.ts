import { describe, expect, it } from "vitest";
import { sniff } from "../../src/wire/sniff.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

describe("the first bytes of a connection", () => {
  it.each([
    ["nothing yet", "", "more"],
    ["a TLS record's type", "\x16", "more"],
    ["TLS", "\x16\x03", "tls"],
    ["TLS, with more", "\x16\x03\x01\x02\x00\x01", "tls"],
    ["a handshake record of no TLS version", "\x16\x02", "unknown"],
    ["SOCKS4", "\x04", "socks4"],
    ["SOCKS5", "\x05\x01\x00", "socks5"],
    ["part of a method", "GE", "more"],
    ["a method without the space", "GET", "more"],
    ["HTTP", "GET ", "http"],
    ["a method that nobody knows", "FOO-BAR /", "http"],
    ["a method of 32 bytes", `${"X".repeat(32)} /`, "http"],
    ["a method of 33 bytes", "X".repeat(33), "unknown"],
    ["32 bytes of a method", "X".repeat(32), "more"],
    ["CONNECT", "CONNECT a:443 HTTP/1.1\r\n", "http"],
    ["the first letter of HTTP/2", "P", "more"],
    ["half of HTTP/2's preface", PREFACE.slice(0, 10), "more"],
    ["HTTP/2's preface without its last byte", PREFACE.slice(0, -1), "more"],
    ["HTTP/2", PREFACE, "http2"],
    ["HTTP/2, with more", `${PREFACE}\0\0\0`, "http2"],
    ["the method PRI", "PRI /", "http"],
    ["POST, which begins like PRI", "POST /", "http"],
    ["SSH", "SSH-2.0-OpenSSH_9\r\n", "unknown"],
    ["a space in front", " GET /", "unknown"],
    ["an empty line in front", "\r\nGET /", "unknown"],
    ["binary", "\x00\x01", "unknown"],
    ["bytes above 0x7f", "\xff", "unknown"],
  ])("%s", (_, bytes, expected) => {
    expect(sniff(Buffer.from(bytes, "latin1"))).toBe(expected);
  });
});
