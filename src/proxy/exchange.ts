/** One exchange, tunnel or attempt as the relay sees it: its number, its capture, and its one end. */

import { type AttemptOpened, type ExchangeFailed, type HeadChange, type TunnelOpened } from "../capture/facts.ts";
import { encodeTotals, Kind } from "../capture/record.ts";
import type { Recorder } from "../capture/recorder.ts";
import { FAILURES, type FailureCode } from "../errors.ts";

/** What an exchange needs of the relay. */
export interface Capture {
  readonly recorder: Recorder;
  /** Wire bytes kept of one body. */
  readonly bodyBytes: number;
  nextExchange(): number;
}

export class Exchange {
  readonly id: number;
  readonly connection: number;
  /** How the response's body is delimited depends on it (RFC 9112 6.3). */
  method: "HEAD" | "CONNECT" | "other" = "other";
  /** The client asked to switch protocols; nothing more is read from it until the answer is known. */
  upgrade = false;
  requestDone = false;
  responseDone = false;
  /** A response head (other than 1xx) was passed on. */
  responded = false;
  /** plainwire answers this one itself, as soon as the exchanges before it are through. */
  refusal: Refusal | null = null;
  ended = false;

  #capture: Capture;
  #request = noBytes();
  #response = noBytes();
  #requestEnded = 0;

  constructor(capture: Capture, connection: number) {
    this.#capture = capture;
    this.connection = connection;
    this.id = capture.nextExchange();
  }

  openAttempt(facts: AttemptOpened): void {
    this.#capture.recorder.fact(Kind.attemptOpened, this.connection, this.id, facts);
  }

  openTunnel(facts: TunnelOpened): void {
    this.#capture.recorder.fact(Kind.tunnelOpened, this.connection, this.id, facts);
  }

  requestHead(bytes: Uint8Array, end: number): void {
    this.#capture.recorder.bytes(Kind.requestHead, this.connection, this.id, bytes, 0, end);
  }

  requestChanged(changes: HeadChange[]): void {
    this.#capture.recorder.fact(Kind.requestChanged, this.connection, this.id, changes);
  }

  requestBody(bytes: Uint8Array, start: number, end: number): void {
    this.#body(Kind.requestBody, Kind.requestUnkept, this.#request, bytes, start, end);
  }

  /** The request's last byte was passed on. */
  requestComplete(content: number, trailers: Uint8Array | null): void {
    if (trailers !== null) this.#capture.recorder.bytes(Kind.requestTrailers, this.connection, this.id, trailers);
    this.#request.content = content;
    this.#requestEnded = this.#capture.recorder.now();
    this.requestDone = true;
  }

  responseInterim(bytes: Uint8Array, end: number): void {
    this.#capture.recorder.bytes(Kind.responseInterim, this.connection, this.id, bytes, 0, end);
  }

  responseHead(bytes: Uint8Array, end: number): void {
    this.#capture.recorder.bytes(Kind.responseHead, this.connection, this.id, bytes, 0, end);
    this.responded = true;
  }

  responseBody(bytes: Uint8Array, start: number, end: number): void {
    this.#body(Kind.responseBody, Kind.responseUnkept, this.#response, bytes, start, end);
  }

  responseComplete(content: number, trailers: Uint8Array | null): void {
    if (trailers !== null) this.#capture.recorder.bytes(Kind.responseTrailers, this.connection, this.id, trailers);
    this.#response.content = content;
    this.responseDone = true;
  }

  /** Records plainwire's own page as this exchange's response. */
  responseOurs(head: Uint8Array, body: Uint8Array): void {
    this.#capture.recorder.mark(Kind.responseOurs, this.connection, this.id);
    this.responseHead(head, head.length);
    if (body.length > 0) this.responseBody(body, 0, body.length);
    this.#response.content = body.length;
  }

  /** Ends the exchange well. Later calls of `done` and `fail` change nothing. */
  done(): void {
    if (!this.#end()) return;
    const { content: requestContent, wire: requestWire } = this.#request;
    const { content: responseContent, wire: responseWire } = this.#response;
    const totals = { requestContent, responseContent, requestWire, responseWire, requestEnded: this.#requestEnded };
    const { recorder } = this.#capture;
    recorder.bytes(Kind.exchangeDone, this.connection, this.id, encodeTotals(totals, TOTALS));
  }

  /** Ends the exchange as failed. `detail` is the cause in the platform's words. */
  fail(code: FailureCode, detail: string | null = null, answered = false): void {
    if (!this.#end()) return;
    const facts: ExchangeFailed = {
      code,
      leg: FAILURES[code].leg,
      detail,
      requestContent: this.#request.content || this.#request.wire,
      responseContent: this.#response.content || this.#response.wire,
      requestWire: this.#request.wire,
      responseWire: this.#response.wire,
      requestEnded: this.#requestEnded,
      answered,
    };
    this.#capture.recorder.fact(Kind.exchangeFailed, this.connection, this.id, facts);
  }

  #end(): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.#flushUnkept(Kind.requestUnkept, this.#request);
    this.#flushUnkept(Kind.responseUnkept, this.#response);
    return true;
  }

  #body(kind: Kind, unkeptKind: UnkeptKind, count: BodyCount, bytes: Uint8Array, start: number, end: number): void {
    count.wire += end - start;
    const keep = this.#keeps(count, end - start);
    if (keep > 0) {
      count.kept += keep;
      this.#capture.recorder.bytes(kind, this.connection, this.id, bytes, start, start + keep);
    }
    if (keep === end - start) return;
    count.cut = true;
    count.unkept += end - start - keep;
    if (count.unkept >= REPORT_UNKEPT) this.#flushUnkept(unkeptKind, count);
  }

  /** Only the head end of a body is kept: once a piece is missing, what follows it would mislead. */
  #keeps(count: BodyCount, length: number): number {
    if (count.cut || !this.#capture.recorder.keepsUp()) return 0;
    return Math.min(length, this.#capture.bodyBytes - count.kept);
  }

  #flushUnkept(kind: UnkeptKind, count: BodyCount): void {
    if (count.unkept === 0) return;
    this.#capture.recorder.count(kind, this.connection, this.id, count.unkept);
    count.unkept = 0;
  }
}

/** An answer of plainwire's own. */
export interface Refusal {
  code: FailureCode;
  detail: string | null;
  /** The request's head, as far as it came: what the page's form depends on. */
  head: Buffer;
}

interface BodyCount {
  content: number;
  wire: number;
  kept: number;
  /** Not kept, and not yet reported to the hub. */
  unkept: number;
  /** A piece was left out. */
  cut: boolean;
}

type UnkeptKind = typeof Kind.requestUnkept | typeof Kind.responseUnkept;

const noBytes = (): BodyCount => ({ content: 0, wire: 0, kept: 0, unkept: 0, cut: false });
/** Often enough to show a large transfer's progress. */
const REPORT_UNKEPT = 1024 * 1024;
const TOTALS = new Float64Array(5);
