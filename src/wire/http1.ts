/**
 * The HTTP/1.1 codec of the relay: finds heads and the ends of bodies in a stream of bytes, however it is cut, and leaves
 * the bytes as they are, for the relay to pass on.
 *
 * It is strict about framing: what two parsers could read differently is a fault (RFC 9112 2.2, 5, 6, 7 and 11). What
 * does not touch framing passes: unknown methods, any byte above 0x7f, control characters other than CR, LF and NUL.
 */

import { GrowingBuffer } from "./growing-buffer.ts";
import { ChunkedScanner } from "./http1-chunked.ts";
import { faultOf, type Fault } from "./http1-fault.ts";
import { HeadScanner, type HeadFacts, type RequestMethod } from "./http1-head.ts";
import { CR, LF } from "./http1-octets.ts";

export type { Fault, FaultCode } from "./http1-fault.ts";
export type { HeadFacts } from "./http1-head.ts";

export interface ReaderLimits {
  /** Most bytes of a head, and of a trailer section. (A line with a chunk's size may have 16 KiB.) */
  headBytes: number;
}

/**
 * Reads the messages of one direction of a connection, one after the other: `readHead` until it returns a buffer,
 * `readBody` while `state` is "body", then `reset`. Nothing throws.
 */
export class MessageReader {
  /** After a head without a body, or with one of 0 bytes, "done" follows at once. "fault" is final. */
  state: "head" | "body" | "done" | "fault" = "head";
  fault: Fault | null = null;
  /** Facts of the head; valid from the time when `readHead` returned a buffer until `reset`. One object, reused. */
  readonly head: HeadFacts;
  /** Bytes of the body so far: without framing, and as on the wire (framing and trailers included). */
  content = 0;
  wire = 0;
  /** The trailer section's field lines without the final empty line, once state is "done"; null if there are none. */
  trailers: Buffer | null = null;
  /** For a reader of responses: what the next head answers. Stays as it is over `reset`, as a 1xx comes first. */
  requestMethod: RequestMethod = "other";

  private readonly isRequest: boolean;
  private readonly scanner: HeadScanner;
  private readonly chunked: ChunkedScanner;
  private readonly kept = new GrowingBuffer();
  private emptyLines = 0;

  constructor(side: "request" | "response", limits: ReaderLimits) {
    this.isRequest = side === "request";
    this.scanner = new HeadScanner(side, limits.headBytes);
    this.head = this.scanner;
    this.chunked = new ChunkedScanner(limits.headBytes);
  }

  /**
   * Feeds bytes while state is "head". Null: more is needed (the bytes are kept) or the head is at fault. Else a buffer
   * that begins with the head, `head.byteLength` bytes, and goes on with what followed it: `chunk` itself, or a view of
   * it, unless part of the head had come before.
   *
   * Up to four empty lines in front of a request are skipped (RFC 9112 2.2). They are in no buffer that is returned, so
   * they are not passed on: the next server can't take them for anything else.
   */
  readHead(chunk: Buffer): Buffer | null {
    let buf = this.kept.length > 0 ? this.kept.append(chunk) : chunk;
    if (this.isRequest && this.scanner.at === 0) {
      const skipped = this.skipEmptyLines(buf);
      if (skipped > 0) {
        buf = buf.subarray(skipped);
        this.kept.clear();
      }
    }
    const undecided = this.isRequest && buf.length === 1 && buf[0] === CR;
    if (this.fault === null && !undecided) {
      const found = this.scanner.scan(buf, this.requestMethod);
      if (found === "head") return this.begin(buf);
      this.fault = this.scanner.fault;
    }
    if (this.fault !== null) {
      this.state = "fault";
      this.kept.adopt(buf);
    } else if (this.kept.length === 0) this.kept.append(buf);
    return null;
  }

  /**
   * While state is "body": returns the index up to which the bytes of `buf` from `at` on belong to this body. State moves
   * to "done" at its end. On a fault it moves to "fault", and the index is that of the first byte that is at fault.
   */
  readBody(buf: Buffer, at: number): number {
    const end = this.head.body === "chunked" ? this.readChunked(buf, at) : this.readPlain(buf, at);
    this.wire += end - at;
    return end;
  }

  /**
   * The peer closed. "complete": a body that is delimited by closing has ended, or nothing had begun; "truncated": it
   * closed in the middle of a head or a body, or after a fault.
   */
  end(): "complete" | "truncated" {
    if (this.state === "body" && this.head.body === "close") this.state = "done";
    if (this.state === "done") return "complete";
    return this.state === "head" && this.kept.length === 0 ? "complete" : "truncated";
  }

  /** What there is of a head that is incomplete or at fault, with what came behind it, to show it. */
  get pending(): Buffer {
    return this.kept.view();
  }

  /** Ready for the next message. */
  reset(): void {
    this.state = "head";
    this.fault = null;
    this.content = 0;
    this.wire = 0;
    this.trailers = null;
    this.emptyLines = 0;
    this.kept.clear();
    this.scanner.reset();
    if (this.head.body === "chunked") this.chunked.reset();
  }

  private begin(buf: Buffer): Buffer {
    const { body, length } = this.head;
    this.state = body === "none" || (body === "length" && length === 0) ? "done" : "body";
    this.kept.clear();
    return buf;
  }

  private readPlain(buf: Buffer, at: number): number {
    const there = buf.length - at;
    const missing = this.head.body === "close" ? Infinity : this.head.length - this.content;
    const taken = Math.min(there, missing);
    this.content += taken;
    if (taken === missing) this.state = "done";
    return at + taken;
  }

  private readChunked(buf: Buffer, at: number): number {
    const { chunked } = this;
    const end = chunked.scan(buf, at);
    this.content = chunked.content;
    if (chunked.found === "end") {
      this.state = "done";
      this.trailers = chunked.trailers;
    } else if (chunked.found === "fault") {
      this.state = "fault";
      this.fault = chunked.fault;
    }
    return end;
  }

  /** Returns how many bytes of whole empty lines `buf` begins with. */
  private skipEmptyLines(buf: Buffer): number {
    let at = 0;
    while (this.fault === null && at < buf.length && (buf[at] === CR || buf[at] === LF)) {
      if (at + 1 === buf.length && buf[at] === CR) break;
      if (buf[at] === LF) this.fault = faultOf("bare-lf");
      else if (buf[at + 1] !== LF) this.fault = faultOf("bare-cr");
      else if (++this.emptyLines > MAX_EMPTY_LINES) this.fault = faultOf("empty-lines");
      else at += 2;
    }
    return at;
  }
}

const MAX_EMPTY_LINES = 4;
