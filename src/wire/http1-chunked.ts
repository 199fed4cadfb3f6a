/** The chunked coding (RFC 9112 7.1), found octet by octet: chunk sizes, extensions, data, the trailer section. */

import { GrowingBuffer } from "./growing-buffer.ts";
import { faultOf, type Fault, type FaultCode } from "./http1-fault.ts";
import { FieldLineScanner } from "./http1-fields.ts";
import { CR, HEX_VALUE, HTAB, KINDS, LF, SEMICOLON, SP, TEXT } from "./http1-octets.ts";

/** Finds the end of one chunked body; can stop at any octet. Reused after `reset`. */
export class ChunkedScanner {
  found: "more" | "end" | "fault" = "more";
  fault: Fault | null = null;
  /** Bytes of data so far. */
  content = 0;
  /** The trailer section's field lines, once the end is found; null if there are none. */
  trailers: Buffer | null = null;

  private step: Step = "size";
  private size = 0;
  private digits = 0;
  /** Octets of the size line so far. */
  private lineBytes = 0;
  private readonly lines = new FieldLineScanner();
  private readonly section = new GrowingBuffer();
  private readonly trailerLimit: number;

  constructor(trailerLimit: number) {
    this.trailerLimit = trailerLimit;
  }

  /** Scans `buf` from `from` on. Returns the index behind the body, or of the octet that is at fault. */
  scan(buf: Buffer, from: number): number {
    const end = buf.length;
    let at = from;
    while (at < end && this.found === "more") {
      switch (this.step) {
        case "data":
          at = this.scanData(at, end);
          break;
        case "data-cr":
        case "data-lf":
          at = this.scanDataEnd(buf, at);
          break;
        case "trailers":
          at = this.scanTrailers(buf, at, end);
          break;
        default:
          at = this.scanSizeLine(buf, at, end);
      }
    }
    return at;
  }

  reset(): void {
    this.found = "more";
    this.fault = null;
    this.content = 0;
    this.trailers = null;
    this.beginSizeLine();
    this.lines.reset();
    this.section.clear();
  }

  private beginSizeLine(): void {
    this.step = "size";
    this.size = 0;
    this.digits = 0;
    this.lineBytes = 0;
  }

  private scanSizeLine(buf: Buffer, from: number, end: number): number {
    const limited = Math.min(end, from + SIZE_LINE_LIMIT - this.lineBytes);
    if (from === limited) return this.fail("chunk-line-too-long", from);
    let at = from;
    if (this.step === "size") at = this.scanSize(buf, at, limited);
    if (this.step === "space") at = this.scanSpace(buf, at, limited);
    if (this.step === "extension") at = this.scanExtension(buf, at, limited);
    if (this.step === "size-lf" && at < limited) return this.endSizeLine(buf, at);
    this.lineBytes += at - from;
    return at;
  }

  private scanSize(buf: Buffer, from: number, end: number): number {
    let at = from;
    for (; at < end; at++) {
      const digit = HEX_VALUE[buf[at] as number] as number;
      if (digit === 16) break;
      if (++this.digits > MAX_DIGITS || this.size > (Number.MAX_SAFE_INTEGER - digit) / 16) {
        return this.fail("chunk-size", at);
      }
      this.size = this.size * 16 + digit;
    }
    if (at === end) return at;
    return this.digits === 0 ? this.fail("chunk-size", at) : this.afterSize(buf, at);
  }

  private afterSize(buf: Buffer, at: number): number {
    switch (buf[at]) {
      case CR:
        this.step = "size-lf";
        return at + 1;
      case SEMICOLON:
        this.step = "extension";
        return at + 1;
      case SP:
      case HTAB:
        this.step = "space";
        return at + 1;
      case LF:
        return this.fail("bare-lf", at);
      default:
        return this.fail("chunk-size", at);
    }
  }

  /** RFC 9112 7.1.1 allows white space in front of a chunk extension; in front of anything else it is a fault. */
  private scanSpace(buf: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end && (buf[at] === SP || buf[at] === HTAB)) at++;
    if (at === end) return at;
    if (buf[at] !== SEMICOLON) return this.fail("chunk-space", at);
    this.step = "extension";
    return at + 1;
  }

  private scanExtension(buf: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end && (KINDS[buf[at] as number] as number) & TEXT) at++;
    if (at === end) return at;
    if (buf[at] !== CR) return this.fail(buf[at] === LF ? "bare-lf" : "nul", at);
    this.step = "size-lf";
    return at + 1;
  }

  private endSizeLine(buf: Buffer, at: number): number {
    if (buf[at] !== LF) return this.fail("bare-cr", at);
    this.step = this.size === 0 ? "trailers" : "data";
    return at + 1;
  }

  private scanData(from: number, end: number): number {
    const taken = Math.min(this.size, end - from);
    this.size -= taken;
    this.content += taken;
    if (this.size === 0) this.step = "data-cr";
    return from + taken;
  }

  private scanDataEnd(buf: Buffer, at: number): number {
    if (buf[at] !== (this.step === "data-cr" ? CR : LF)) return this.fail("chunk-end", at);
    if (this.step === "data-cr") this.step = "data-lf";
    else this.beginSizeLine();
    return at + 1;
  }

  private scanTrailers(buf: Buffer, from: number, end: number): number {
    const limited = Math.min(end, from + this.trailerLimit - this.section.length);
    if (from === limited) return this.fail("trailers-too-large", from);
    let at = from;
    do at = this.lines.scan(buf, at, limited);
    while (this.lines.found === "line");
    if (this.lines.fault !== null) return this.fail(this.lines.fault.code, at);
    if (this.lines.found === "empty-line") this.endTrailers(buf.subarray(from, at));
    else this.section.append(buf.subarray(from, at));
    return at;
  }

  /** Nothing is copied unless the section came in pieces. */
  private endTrailers(last: Buffer): void {
    const section = this.section.length === 0 ? last : this.section.append(last);
    this.found = "end";
    this.trailers = section.length > CRLF_BYTES ? section.subarray(0, -CRLF_BYTES) : null;
  }

  private fail(code: FaultCode, at: number): number {
    this.found = "fault";
    this.fault = faultOf(code);
    return at;
  }
}

type Step = "size" | "space" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailers";

const CRLF_BYTES = 2;
const MAX_DIGITS = 16;
const SIZE_LINE_LIMIT = 16 * 1024;
