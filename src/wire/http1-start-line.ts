/** The first line of a message (RFC 9112 3 and 4), found octet by octet; it can stop at any of them. */

import { faultOf, type Fault, type FaultCode } from "./http1-fault.ts";
import { CR, KINDS, LF, SP, TARGET, TEXT, TOKEN } from "./http1-octets.ts";

/** What both kinds of first line have in common. Positions are indexes of the buffer, which begins with the line. */
export interface StartLineScanner {
  found: "more" | "line" | "fault";
  fault: Fault | null;
  /** The x of HTTP/1.x */
  minor: number;
  /** Scans `buf[from..end)`. Returns the index behind the line, or of the octet that is at fault. */
  scan(buf: Buffer, from: number, end: number): number;
  reset(): void;
}

/** `method SP target SP HTTP/1.x CRLF`. Any token is a method; a target may hold bytes above 0x7f. */
export class RequestLineScanner implements StartLineScanner {
  found: "more" | "line" | "fault" = "more";
  fault: Fault | null = null;
  minor = 0;
  method = "";
  targetStart = 0;
  targetEnd = 0;
  private step: "method" | "target" | "version" | "cr" | "lf" = "method";

  scan(buf: Buffer, from: number, end: number): number {
    let at = from;
    if (this.step === "method") {
      while (at < end && (KINDS[buf[at] as number] as number) & TOKEN) at++;
      if (at === end) return at;
      if (buf[at] !== SP || at === 0) return this.fail(badOctet(buf[at] as number, "request-line"), at);
      this.method = methodName(buf, at);
      this.targetStart = ++at;
      this.step = "target";
    }
    if (this.step === "target") {
      while (at < end && (KINDS[buf[at] as number] as number) & TARGET) at++;
      if (at === end) return at;
      if (buf[at] !== SP || at === this.targetStart) return this.fail(badOctet(buf[at] as number, "request-line"), at);
      this.targetEnd = at++;
      this.step = "version";
    }
    return this.scanVersion(buf, at, end);
  }

  reset(): void {
    this.found = "more";
    this.fault = null;
    this.step = "method";
  }

  private scanVersion(buf: Buffer, from: number, end: number): number {
    let at = from;
    if (this.step === "version") {
      const start = this.targetEnd + 1;
      at = matchVersion(buf, at, end, start);
      if (at - start < VERSION_LENGTH) {
        return at === end ? at : this.fail(versionFault(buf[at] as number, at - start, "request-line"), at);
      }
      this.minor = (buf[at - 1] as number) - ZERO;
      this.step = "cr";
    }
    if (at === end) return at;
    if (this.step === "cr") {
      if (buf[at] !== CR) return this.fail(badOctet(buf[at] as number, "request-line"), at);
      this.step = "lf";
      at++;
    }
    if (at === end) return at;
    if (buf[at] !== LF) return this.fail("bare-cr", at);
    this.found = "line";
    return at + 1;
  }

  private fail(code: FaultCode, at: number): number {
    this.found = "fault";
    this.fault = faultOf(code);
    return at;
  }
}

/**
 * `HTTP/1.x SP 3DIGIT [SP reason] CRLF`. A missing reason with its SP is tolerated, as clients do: it does not change
 * where the message ends.
 */
export class StatusLineScanner implements StartLineScanner {
  found: "more" | "line" | "fault" = "more";
  fault: Fault | null = null;
  minor = 0;
  status = 0;
  private step: "version" | "status" | "reason" | "lf" = "version";

  scan(buf: Buffer, from: number, end: number): number {
    let at = from;
    if (this.step === "version") {
      at = matchVersion(buf, at, end, 0);
      if (at === end) return at;
      if (at < VERSION_LENGTH) return this.fail(versionFault(buf[at] as number, at, "status-line"), at);
      if (buf[at] !== SP) return this.fail(badOctet(buf[at] as number, "status-line"), at);
      this.minor = (buf[at - 1] as number) - ZERO;
      this.status = 0;
      this.step = "status";
      at++;
    }
    if (this.step === "status") at = this.scanStatus(buf, at, end);
    if (this.step === "reason") at = this.scanReason(buf, at, end);
    if (this.step === "lf" && at < end) {
      if (buf[at] !== LF) return this.fail("bare-cr", at);
      this.found = "line";
      at++;
    }
    return at;
  }

  reset(): void {
    this.found = "more";
    this.fault = null;
    this.step = "version";
  }

  private scanStatus(buf: Buffer, from: number, end: number): number {
    let at = from;
    for (; at < end && at < STATUS_END; at++) {
      const digit = (buf[at] as number) - ZERO;
      const lowest = at === STATUS_END - 3 ? 1 : 0;
      if (digit < lowest || digit > 9) return this.fail(badOctet(buf[at] as number, "status-line"), at);
      this.status = this.status * 10 + digit;
    }
    if (at === end) return at;
    if (buf[at] === SP) this.step = "reason";
    else if (buf[at] === CR) this.step = "lf";
    else return this.fail(badOctet(buf[at] as number, "status-line"), at);
    return at + 1;
  }

  private scanReason(buf: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end && (KINDS[buf[at] as number] as number) & TEXT) at++;
    if (at === end) return at;
    if (buf[at] !== CR) return this.fail(badOctet(buf[at] as number, "status-line"), at);
    this.step = "lf";
    return at + 1;
  }

  private fail(code: FaultCode, at: number): number {
    this.found = "fault";
    this.fault = faultOf(code);
    return at;
  }
}

/** Goes on as long as `buf[start..]` reads HTTP/1.0 or HTTP/1.1, at most to its end. Returns where it stopped. */
function matchVersion(buf: Buffer, from: number, end: number, start: number): number {
  let at = from;
  while (at < end && at - start < HTTP_1.length && buf[at] === HTTP_1[at - start]) at++;
  if (at < end && at - start === HTTP_1.length && (buf[at] === ZERO || buf[at] === ZERO + 1)) at++;
  return at;
}

/** `matched`: how much of HTTP/1.x was right. */
function versionFault(octet: number, matched: number, otherwise: FaultCode): FaultCode {
  return matched >= "HTTP/".length ? badOctet(octet, "version") : badOctet(octet, otherwise);
}

function badOctet(octet: number, otherwise: FaultCode): FaultCode {
  if (octet === LF) return "bare-lf";
  return octet === 0 ? "nul" : otherwise;
}

/** The usual methods without creating a string. Methods are case-sensitive (RFC 9110 9.1). */
function methodName(buf: Buffer, length: number): string {
  for (const { name, octets } of METHODS) {
    if (octets.length === length && begins(buf, octets)) return name;
  }
  return buf.toString("latin1", 0, length);
}

function begins(buf: Uint8Array, octets: Uint8Array): boolean {
  for (let i = 0; i < octets.length; i++) {
    if (buf[i] !== octets[i]) return false;
  }
  return true;
}

const ZERO = 0x30;
const HTTP_1 = Buffer.from("HTTP/1.");
const VERSION_LENGTH = HTTP_1.length + 1;
const STATUS_END = VERSION_LENGTH + 4;
const METHODS = ["GET", "POST", "CONNECT", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"].map((name) => ({
  name,
  octets: Buffer.from(name),
}));
