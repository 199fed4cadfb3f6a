/** Which protocol a client speaks, told from its first bytes. */

import { KINDS, SP, TOKEN } from "./http1-octets.ts";

/** "more": these bytes may still become several protocols. "unknown": none of them. */
export type Sniffed = "more" | "tls" | "http" | "http2" | "socks4" | "socks5" | "unknown";

/**
 * `bytes` are all that the connection has brought so far. At most 33 bytes are needed for an answer.
 *
 * - TLS: a record of type handshake (22) of version 3.x
 * - SOCKS: the version number
 * - HTTP/2 with prior knowledge: its connection preface, whole (RFC 9113 3.4)
 * - HTTP/1.x: a method, which may be any token of up to 32 bytes, and a space
 */
export function sniff(bytes: Uint8Array): Sniffed {
  switch (bytes[0]) {
    case undefined:
      return "more";
    case TLS_HANDSHAKE:
      if (bytes.length === 1) return "more";
      return bytes[1] === TLS_MAJOR_VERSION ? "tls" : "unknown";
    case 4:
      return "socks4";
    case 5:
      return "socks5";
    default:
      return sniffHttp(bytes);
  }
}

function sniffHttp(bytes: Uint8Array): Sniffed {
  if (bytes[0] === HTTP2_PREFACE[0] && beginsAlike(bytes)) {
    return bytes.length >= HTTP2_PREFACE.length ? "http2" : "more";
  }
  let at = 0;
  while (at < bytes.length && at < LONGEST_METHOD && (KINDS[bytes[at] as number] as number) & TOKEN) at++;
  if (at === bytes.length) return "more";
  return at > 0 && bytes[at] === SP ? "http" : "unknown";
}

/** Whether the bytes are the preface as far as both go. */
function beginsAlike(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, HTTP2_PREFACE.length);
  return HTTP2_PREFACE.every((octet, i) => i >= length || bytes[i] === octet);
}

const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 3;
const LONGEST_METHOD = 32;
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
