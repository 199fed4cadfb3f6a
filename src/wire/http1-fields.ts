/** Field lines of a head or a trailer section (RFC 9112 5), found octet by octet. */

import { faultOf, type Fault, type FaultCode } from "./http1-fault.ts";
import { COLON, CR, HTAB, KINDS, LF, SP, TEXT, TOKEN } from "./http1-octets.ts";

/** "more": the line goes on in bytes that are not there yet. */
export type Found = "more" | "line" | "empty-line" | "fault";

/**
 * Finds one line after another and can stop at any octet. The positions of a line's parts are indexes of the buffer that
 * was scanned: they hold if a line that was cut is continued in a buffer that begins with the same bytes.
 */
export class FieldLineScanner {
  found: Found = "more";
  fault: Fault | null = null;
  nameStart = 0;
  colon = 0;
  /** Index of the line's CR. */
  valueEnd = 0;
  private step: Step = "start";

  /** Scans `buf[from..end)` to the end of a line. Returns the index behind it, or of the octet that is at fault. */
  scan(buf: Uint8Array, from: number, end: number): number {
    this.found = "more";
    let at = from;
    if (this.step === "start") {
      if (at === end) return at;
      const octet = buf[at] as number;
      if (octet === CR) {
        this.step = "final-lf";
        at++;
      } else if ((KINDS[octet] as number) & TOKEN) {
        this.nameStart = at;
        this.step = "name";
        at++;
      } else return this.fail(startFault(octet), at);
    }
    if (this.step === "final-lf") return this.lineFeed(buf, at, end, "empty-line");
    return this.scanField(buf, at, end);
  }

  reset(): void {
    this.step = "start";
    this.fault = null;
  }

  private scanField(buf: Uint8Array, from: number, end: number): number {
    let at = from;
    if (this.step === "name") {
      while (at < end && (KINDS[buf[at] as number] as number) & TOKEN) at++;
      if (at === end) return at;
      if (buf[at] !== COLON) return this.fail(nameFault(buf[at] as number), at);
      this.colon = at++;
      this.step = "value";
    }
    if (this.step === "value") {
      while (at < end && (KINDS[buf[at] as number] as number) & TEXT) at++;
      if (at === end) return at;
      if (buf[at] !== CR) return this.fail(buf[at] === LF ? "bare-lf" : "nul", at);
      this.valueEnd = at++;
      this.step = "lf";
    }
    return this.lineFeed(buf, at, end, "line");
  }

  private lineFeed(buf: Uint8Array, at: number, end: number, found: Found): number {
    if (at === end) return at;
    if (buf[at] !== LF) return this.fail("bare-cr", at);
    this.step = "start";
    this.found = found;
    return at + 1;
  }

  private fail(code: FaultCode, at: number): number {
    this.found = "fault";
    this.fault = faultOf(code);
    return at;
  }
}

type Step = "start" | "name" | "value" | "lf" | "final-lf";

function startFault(octet: number): FaultCode {
  if (octet === SP || octet === HTAB) return "folding";
  return octet === LF ? "bare-lf" : nameFault(octet);
}

function nameFault(octet: number): FaultCode {
  switch (octet) {
    case SP:
    case HTAB:
      return "space-before-colon";
    case CR:
    case LF:
      return "no-colon";
    case 0:
      return "nul";
    default:
      return "field-name";
  }
}
