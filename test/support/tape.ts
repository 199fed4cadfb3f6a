/** What the relay recorded, read back as the hub reads it, one list of lines a flow. */

import { expect } from "vitest";
import type { ExchangeFailed, HeadChange, TunnelOpened } from "../../src/capture/facts.ts";
import { decodeCount, decodeTotals, Kind, readRecords, type Totals, viewBatch } from "../../src/capture/record.ts";
import { type BatchMessage, Recorder } from "../../src/capture/recorder.ts";
import { createFlowLog } from "../../src/flow/log.ts";
import { until } from "./until.ts";

export interface Recorded {
  kind: Kind;
  connection: number;
  exchange: number;
  payload: Buffer;
}

export interface TapeOptions {
  /** Default: 16 MiB */
  inFlightBytes?: number;
  /** Takes no batch in until it `catchesUp`. */
  stuck?: boolean;
}

/** A recorder, and the hub's end of it. */
export class Tape {
  readonly recorder: Recorder;
  readonly #records: Recorded[] = [];
  readonly #acknowledged: Int32Array;
  #untaken = 0;
  /** The hub itself, which counts what makes no sense to it. */
  readonly #hub = createFlowLog({ caPath: "" });

  constructor({ inFlightBytes = 16 * 1024 * 1024, stuck = false }: TapeOptions = {}) {
    const acknowledged = new SharedArrayBuffer(4);
    this.#acknowledged = new Int32Array(acknowledged);
    const take = ({ buffer, length }: BatchMessage): void => {
      readRecords(viewBatch(buffer), length, ({ kind, connection, exchange, payload }) =>
        this.#records.push({ kind, connection, exchange, payload: Buffer.from(payload) }),
      );
      this.#hub.accept(buffer, length);
      this.#untaken += length;
      if (!stuck) this.catchesUp();
    };
    this.recorder = new Recorder({ port: { postMessage: take }, acknowledged, inFlightBytes });
  }

  /** What a stuck hub does in the end. */
  catchesUp(): void {
    Atomics.add(this.#acknowledged, 0, this.#untaken);
    this.#untaken = 0;
  }

  records(): readonly Recorded[] {
    this.recorder.flush();
    return this.#records;
  }

  /** Numbers of the flows, in the order in which they began. */
  flows(): number[] {
    return [...new Set(this.records().map(({ exchange }) => exchange))].filter((exchange) => exchange !== 0);
  }

  isOver(exchange: number): boolean {
    return this.records().some((record) => record.exchange === exchange && isEnd(record));
  }

  /** All of these flows and no other; each ended once, with its last record. */
  async shows(...expected: string[][]): Promise<void> {
    await until(
      () => this.flows().length >= expected.length && this.flows().every((flow) => this.isOver(flow)),
      () =>
        `flows that end; recorded so far: ${JSON.stringify(
          this.flows().map((flow) => this.lines(flow)),
          null,
          1,
        )}`,
    );
    expect(this.flows().map((flow) => this.lines(flow))).toEqual(expected);
    for (const flow of this.flows()) {
      const records = this.records().filter(({ exchange }) => exchange === flow);
      expect(records.filter(isEnd), `ends of flow ${flow}`).toHaveLength(1);
      expect(records.at(-1)).toSatisfy(isEnd);
    }
    expect(this.#hub.stats(), "what the hub could not place").toMatchObject({ strayRecords: 0, strayEnds: 0, open: 0 });
  }

  /** The records of a flow as lines; neighbouring pieces of a body are one. */
  lines(flow: number): string[] {
    const lines: string[] = [];
    let body = "";
    for (const { kind, exchange, payload } of this.records()) {
      if (exchange !== flow) continue;
      const line = lineOf(kind, payload);
      const isSame = BODIES.has(kind) && body === line.slice(0, BODY_PREFIX);
      if (isSame) lines.push(`${lines.pop()}${line.slice(BODY_PREFIX)}`);
      else lines.push(line);
      body = BODIES.has(kind) ? line.slice(0, BODY_PREFIX) : "";
    }
    return lines;
  }

  /** The bytes of all records of one kind. */
  bytes(flow: number, kind: Kind): Buffer {
    return Buffer.concat(this.#of(flow, kind));
  }

  totals(flow: number): Totals {
    return decodeTotals(this.#one(flow, Kind.exchangeDone));
  }

  failure(flow: number): ExchangeFailed {
    return JSON.parse(this.#one(flow, Kind.exchangeFailed).toString()) as ExchangeFailed;
  }

  changes(flow: number): HeadChange[] {
    return JSON.parse(this.#one(flow, Kind.requestChanged).toString()) as HeadChange[];
  }

  #of(flow: number, kind: Kind): Buffer[] {
    const fits = (record: Recorded): boolean => record.exchange === flow && record.kind === kind;
    return this.records()
      .filter(fits)
      .map(({ payload }) => payload);
  }

  #one(flow: number, kind: Kind): Buffer {
    const [payload] = this.#of(flow, kind);
    if (payload === undefined) throw new Error(`no record of kind ${kind}: ${this.lines(flow).join("; ")}`);
    return payload;
  }
}

function isEnd({ kind }: Recorded): boolean {
  return kind === Kind.exchangeDone || kind === Kind.exchangeFailed;
}

function lineOf(kind: Kind, payload: Buffer): string {
  const text = payload.toString("latin1");
  const firstLine = text.split("\r\n", 1)[0] ?? "";
  switch (kind) {
    case Kind.requestHead:
      return `> ${firstLine}`;
    case Kind.requestBody:
      return `> body: ${text}`;
    case Kind.requestTrailers:
      return `> trailers: ${text}`;
    case Kind.requestUnkept:
      return `> unkept: ${decodeCount(payload)}`;
    case Kind.responseInterim:
    case Kind.responseHead:
      return `< ${firstLine}`;
    case Kind.responseBody:
      return `< body: ${text}`;
    case Kind.responseTrailers:
      return `< trailers: ${text}`;
    case Kind.responseUnkept:
      return `< unkept: ${decodeCount(payload)}`;
    case Kind.responseOurs:
      return "< plainwire's own";
    case Kind.attemptOpened:
      return "attempt";
    case Kind.tunnelOpened:
      return `tunnel: ${(JSON.parse(text) as TunnelOpened).reason}`;
    case Kind.exchangeDone:
      return "done";
    case Kind.exchangeFailed:
      return failureLine(JSON.parse(text) as ExchangeFailed);
    case Kind.requestChanged:
      return "changed";
    default:
      return NAMES.get(kind) ?? `kind ${kind}`;
  }
}

function failureLine({ code, answered }: ExchangeFailed): string {
  return answered ? `failed: ${code}, answered` : `failed: ${code}`;
}

const BODIES: ReadonlySet<Kind> = new Set([Kind.requestBody, Kind.responseBody]);
const BODY_PREFIX = "> body: ".length;
const NAMES = new Map<Kind, string>(Object.entries(Kind).map(([name, kind]) => [kind, name]));
