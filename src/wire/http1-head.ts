/** The head of an HTTP/1.1 message: where it ends, and the few facts that relaying it needs. */

import { faultOf, type Fault, type FaultCode } from "./http1-fault.ts";
import { FieldLineScanner } from "./http1-fields.ts";
import { FramingFields } from "./http1-framing.ts";
import { RequestLineScanner, StatusLineScanner } from "./http1-start-line.ts";

export interface HeadFacts {
  /** Bytes of the head, the empty line included. */
  readonly byteLength: number;
  /** 0 or 1: HTTP/1.x */
  readonly minor: number;
  /** Of a request; as sent, case and all. */
  readonly method: string;
  /** Of a request, Latin-1. `buf` is what `readHead` returned. */
  target(buf: Buffer): string;
  /** Of a response: 100 to 999. */
  readonly status: number;
  /** How the body is delimited; "none": there is none, whatever the fields say. */
  readonly body: "none" | "length" | "chunked" | "close";
  /** Bytes of a body of this kind "length" (0 is possible); else 0. */
  readonly length: number;
  /** Whether the sender lets the connection live on after this message. */
  readonly keepAlive: boolean;
  /** A request that asks for an upgrade (an Upgrade field, and Connection lists it), or a response 101. */
  readonly upgrade: boolean;
  readonly expectContinue: boolean;
  /** How many Host fields there are. */
  readonly hosts: number;
}

/** What the request was that a response answers; it decides whether the response has a body. */
export type RequestMethod = "HEAD" | "CONNECT" | "other";

/** Finds the end of one head, which begins at index 0 of the buffer; can stop at any octet. Reused after `reset`. */
export class HeadScanner implements HeadFacts {
  fault: Fault | null = null;
  byteLength = 0;
  minor = 0;
  method = "";
  status = 0;
  body: HeadFacts["body"] = "none";
  length = 0;
  keepAlive = false;
  upgrade = false;
  expectContinue = false;
  hosts = 0;

  /** Octets scanned so far. */
  at = 0;
  private readonly request: RequestLineScanner | null;
  private readonly response: StatusLineScanner | null;
  private readonly lines = new FieldLineScanner();
  private readonly fields = new FramingFields();
  private inStartLine = true;
  private readonly limit: number;

  constructor(side: "request" | "response", limit: number) {
    this.request = side === "request" ? new RequestLineScanner() : null;
    this.response = side === "response" ? new StatusLineScanner() : null;
    this.limit = limit;
  }

  /** Goes on where it stopped; `buf` holds the head from its first octet on. `answered` matters for responses. */
  scan(buf: Buffer, answered: RequestMethod): "more" | "head" | "fault" {
    const end = Math.min(buf.length, this.limit);
    if (this.inStartLine && !this.scanStartLine(buf, end)) return this.stopped();
    const { lines, fields } = this;
    for (;;) {
      this.at = lines.scan(buf, this.at, end);
      if (lines.found !== "line") break;
      const code = fields.add(buf, lines);
      if (code !== null) return this.fail(code);
    }
    this.fault = lines.fault;
    return lines.found === "empty-line" ? this.conclude(answered) : this.stopped();
  }

  target(buf: Buffer): string {
    return this.request === null ? "" : buf.toString("latin1", this.request.targetStart, this.request.targetEnd);
  }

  reset(): void {
    this.fault = null;
    this.at = 0;
    this.inStartLine = true;
    this.request?.reset();
    this.response?.reset();
    this.lines.reset();
    this.fields.reset();
  }

  private scanStartLine(buf: Buffer, end: number): boolean {
    const line = this.request ?? this.response;
    if (line === null) return false;
    this.at = line.scan(buf, this.at, end);
    this.fault = line.fault;
    this.inStartLine = line.found !== "line";
    return !this.inStartLine;
  }

  private stopped(): "more" | "fault" {
    if (this.fault !== null) return "fault";
    return this.at === this.limit ? this.fail("head-too-large") : "more";
  }

  private conclude(answered: RequestMethod): "head" | "fault" {
    const { fields } = this;
    this.byteLength = this.at;
    this.minor = (this.request ?? this.response)?.minor ?? 1;
    this.hosts = fields.hosts;
    this.expectContinue = fields.expectContinue;
    this.keepAlive = !fields.close && (this.minor === 1 || fields.keepAlive);
    this.length = 0;
    const code = fields.conflict(this.minor, this.request !== null) ?? this.concludeSide(answered);
    return code === null ? "head" : this.fail(code);
  }

  private concludeSide(answered: RequestMethod): FaultCode | null {
    const { fields } = this;
    if (this.response !== null) {
      this.status = this.response.status;
      this.upgrade = this.status === 101;
      if (isBodiless(this.status, answered)) this.body = "none";
      else this.delimit("close");
      if (this.body === "close") this.keepAlive = false;
      return null;
    }
    this.method = this.request?.method ?? "";
    this.upgrade = fields.upgradeField && fields.upgradeListed;
    this.delimit("none");
    // RFC 9110 9.3.6: CONNECT has no content. What follows it would be a body for one parser and the tunnel for another.
    if (this.method !== "CONNECT") return null;
    if (fields.chunked || fields.contentLength > 0) return "connect-body";
    this.body = "none";
    return null;
  }

  /** RFC 9112 6.3; conflicting fields have been refused before. */
  private delimit(otherwise: "none" | "close"): void {
    const { chunked, contentLength } = this.fields;
    this.body = chunked ? "chunked" : contentLength >= 0 ? "length" : otherwise;
    if (this.body === "length") this.length = contentLength;
  }

  private fail(code: FaultCode): "fault" {
    this.fault = faultOf(code);
    return "fault";
  }
}

/** RFC 9112 6.3, rules 1 and 2. */
function isBodiless(status: number, answered: RequestMethod): boolean {
  if (answered === "HEAD" || status < 200 || status === 204 || status === 304) return true;
  return answered === "CONNECT" && status < 300;
}
