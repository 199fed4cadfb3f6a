/** What the fields of a head say about the message's body and its connection (RFC 9112 6 and 9). */

import type { FaultCode } from "./http1-fault.ts";
import type { FieldLineScanner } from "./http1-fields.ts";
import { isWord, skipSpace, trimSpace, word } from "./http1-octets.ts";

/** Gathers one head's fields; reused for the next after `reset`. */
export class FramingFields {
  /** -1: no Content-Length. */
  contentLength = -1;
  chunked = false;
  hosts = 0;
  close = false;
  keepAlive = false;
  /** Connection lists upgrade. */
  upgradeListed = false;
  upgradeField = false;
  expectContinue = false;

  /** Takes in the field line that the scanner has just found in `buf`. */
  add(buf: Uint8Array, line: FieldLineScanner): FaultCode | null {
    const start = line.nameStart;
    const end = line.colon;
    // The length tells most names apart, so that hardly any is compared.
    switch (end - start) {
      case HOST.length:
        if (isWord(buf, start, end, HOST)) this.hosts++;
        return null;
      case EXPECT.length:
        if (isWord(buf, start, end, EXPECT)) this.expectContinue ||= isValue(buf, line, CONTINUE);
        return null;
      case UPGRADE.length:
        if (isWord(buf, start, end, UPGRADE)) this.upgradeField = true;
        return null;
      case CONNECTION.length:
        if (isWord(buf, start, end, CONNECTION)) this.addConnection(buf, line);
        return null;
      case CONTENT_LENGTH.length:
        return isWord(buf, start, end, CONTENT_LENGTH) ? this.addContentLength(buf, line) : null;
      case TRANSFER_ENCODING.length:
        return isWord(buf, start, end, TRANSFER_ENCODING) ? this.addTransferEncoding(buf, line) : null;
      default:
        return null;
    }
  }

  /** What is wrong with the fields taken together. */
  conflict(minor: number, isRequest: boolean): FaultCode | null {
    if (this.chunked && this.contentLength >= 0) return "length-and-encoding";
    // RFC 9112 6.1: to be treated as faulty framing, as an HTTP/1.0 hop may have passed it on without knowing it.
    if (this.chunked && minor === 0) return "transfer-encoding-version";
    if (isRequest && this.hosts > 1) return "host-duplicate";
    // RFC 9112 3.2
    if (isRequest && this.hosts === 0 && minor === 1) return "host-missing";
    return null;
  }

  reset(): void {
    this.contentLength = -1;
    this.chunked = false;
    this.hosts = 0;
    this.close = false;
    this.keepAlive = false;
    this.upgradeListed = false;
    this.upgradeField = false;
    this.expectContinue = false;
  }

  private addContentLength(buf: Uint8Array, line: FieldLineScanner): FaultCode | null {
    const length = decimal(buf, valueStart(buf, line), valueEnd(buf, line));
    if (length < 0) return "content-length";
    // Identical repeats are accepted (RFC 9110 8.6), as curl and browsers do.
    if (this.contentLength >= 0 && this.contentLength !== length) return "content-length-conflict";
    this.contentLength = length;
    return null;
  }

  private addTransferEncoding(buf: Uint8Array, line: FieldLineScanner): FaultCode | null {
    if (this.chunked || !isValue(buf, line, CHUNKED)) return "transfer-encoding";
    this.chunked = true;
    return null;
  }

  private addConnection(buf: Uint8Array, line: FieldLineScanner): void {
    const end = line.valueEnd;
    for (let at = line.colon + 1; at < end; at++) {
      let comma = at;
      while (comma < end && buf[comma] !== COMMA) comma++;
      const start = skipSpace(buf, at, comma);
      this.addOption(buf, start, trimSpace(buf, start, comma));
      at = comma;
    }
  }

  private addOption(buf: Uint8Array, start: number, end: number): void {
    if (isWord(buf, start, end, KEEP_ALIVE)) this.keepAlive = true;
    else if (isWord(buf, start, end, CLOSE)) this.close = true;
    else if (isWord(buf, start, end, UPGRADE)) this.upgradeListed = true;
  }
}

function valueStart(buf: Uint8Array, line: FieldLineScanner): number {
  return skipSpace(buf, line.colon + 1, line.valueEnd);
}

function valueEnd(buf: Uint8Array, line: FieldLineScanner): number {
  return trimSpace(buf, line.colon + 1, line.valueEnd);
}

function isValue(buf: Uint8Array, line: FieldLineScanner, lower: Uint8Array): boolean {
  return isWord(buf, valueStart(buf, line), valueEnd(buf, line), lower);
}

/** 1*DIGIT of at most 2^53-1, or -1. */
function decimal(buf: Uint8Array, start: number, end: number): number {
  let value = end > start ? 0 : -1;
  for (let at = start; at < end; at++) {
    const digit = (buf[at] as number) - 0x30;
    if (digit < 0 || digit > 9 || value > (Number.MAX_SAFE_INTEGER - digit) / 10) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const COMMA = 0x2c;
const HOST = word("host");
const EXPECT = word("expect");
const CONTINUE = word("100-continue");
const UPGRADE = word("upgrade");
const CONNECTION = word("connection");
const CLOSE = word("close");
const KEEP_ALIVE = word("keep-alive");
const CONTENT_LENGTH = word("content-length");
const TRANSFER_ENCODING = word("transfer-encoding");
const CHUNKED = word("chunked");
