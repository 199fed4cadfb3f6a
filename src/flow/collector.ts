/** Records -> flows and entries of the log. Each flow that opens ends exactly once, whatever the records say. */

import type { ExchangeFailed } from "../capture/facts.ts";
import { decodeCount, decodeTotals, Kind, type Record } from "../capture/record.ts";
import { FAILURES, type FailureCode } from "../errors.ts";
import { parseHead, parseStatusLine } from "../wire/http1-message.ts";
import { Body, type BodyRing } from "./bodies.ts";
import { Connection } from "./connection.ts";
import type { EventLog } from "./event-log.ts";
import type { FlowKind } from "./events.ts";
import { jsonFact, parseJson } from "./fact.ts";
import { type Failure, Flow } from "./flow.ts";
import { Slabs } from "./slabs.ts";
import type { FlowTable } from "./table.ts";

export class Collector {
  /** Records that fit nothing that is open: a flow had ended, or never began. They are a bug of the relay. */
  strayRecords = 0;
  /** Ends among them, and flows that a connection's end found open. */
  strayEnds = 0;
  failed = 0;
  readonly #table: FlowTable;
  readonly #log: EventLog;
  readonly #bodies: BodyRing;
  readonly #slabs = new Slabs();
  readonly #connections = new Map<number, Connection>();
  #sweptGeneration = 0;

  constructor(table: FlowTable, log: EventLog, bodies: BodyRing) {
    this.#table = table;
    this.#log = log;
    this.#bodies = bodies;
  }

  /** Takes in one record; copies what it needs of the payload. */
  see(record: Record): void {
    if (record.exchange === 0) return this.#seeConnection(record);
    const flow = this.#table.open.get(record.exchange);
    if (flow !== undefined) this.#seeFlow(flow, record);
    else this.#seeFirst(record);
  }

  /** Ends all open flows as failed. */
  failOpen(code: FailureCode, time: number): void {
    for (const flow of this.#table.open.values()) this.#fail(flow, hubFailure(code), time);
  }

  #seeConnection(record: Record): void {
    if (record.kind === Kind.connectionOpened) this.#openConnection(record);
    const connection = this.#connections.get(record.connection);
    if (connection === undefined) this.strayRecords++;
    else if (record.kind === Kind.connectionClosed) this.#closeConnection(connection, record.time);
    else connection.learn(record);
  }

  #openConnection(record: Record): void {
    const before = this.#connections.get(record.connection);
    if (before !== undefined) this.#closeConnection(before, record.time);
    this.#connections.set(record.connection, new Connection(record.connection));
  }

  #closeConnection(connection: Connection, time: number): void {
    this.#connections.delete(connection.number);
    if (connection.openFlows === 0) return;
    for (const flow of this.#table.open.values()) {
      if (flow.connection !== connection) continue;
      this.strayEnds++;
      this.#fail(flow, hubFailure("client-closed"), time);
    }
  }

  #seeFirst(record: Record): void {
    const { kind } = record;
    if (kind === Kind.requestHead) this.#open("http", record)?.keepRequestHead(record.payload, this.#slabs);
    else if (kind === Kind.tunnelOpened) this.#openByFact("tunnel", record);
    else if (kind === Kind.attemptOpened) this.#openByFact("attempt", record);
    else this.#stray(record);
  }

  #openByFact(kind: FlowKind, record: Record): void {
    const flow = this.#open(kind, record);
    if (flow === null) return;
    flow.opening = jsonFact(record.payload);
    flow.bytes += record.payload.length;
  }

  #open(kind: FlowKind, record: Record): Flow | null {
    if (this.#table.get(record.exchange) !== undefined) {
      this.#stray(record);
      return null;
    }
    // A connection that nobody announced is not kept: nobody would announce its end either.
    const connection = this.#connections.get(record.connection) ?? new Connection(record.connection);
    const flow = new Flow(kind, record, connection);
    this.#table.add(flow);
    this.#log.append("flow.request", flow);
    this.#sweepSlabs();
    return flow;
  }

  #seeFlow(flow: Flow, record: Record): void {
    const { kind, payload } = record;
    switch (kind) {
      case Kind.requestBody:
        return this.#bodies.append((flow.requestBody ??= new Body()), payload);
      case Kind.responseBody:
        return this.#bodies.append((flow.responseBody ??= new Body()), payload);
      case Kind.requestUnkept:
        return this.#bodies.skip((flow.requestBody ??= new Body()), decodeCount(payload));
      case Kind.responseUnkept:
        return this.#bodies.skip((flow.responseBody ??= new Body()), decodeCount(payload));
      case Kind.responseHead:
        return this.#respond(flow, record);
      case Kind.exchangeDone:
        flow.conclude(decodeTotals(payload));
        return this.#end(flow, record.time);
      case Kind.exchangeFailed:
        return this.#failAsTold(flow, record);
      default:
        return this.#seeRare(flow, record);
    }
  }

  #respond(flow: Flow, record: Record): void {
    if (flow.responseHead !== null) return this.#stray(record);
    flow.respondedAt = record.time;
    flow.keepResponseHead(record.payload, this.#slabs);
    this.#log.append("flow.response", flow);
  }

  #failAsTold(flow: Flow, record: Record): void {
    const facts = parseJson<ExchangeFailed>(record.payload);
    const known = facts !== null && Object.hasOwn(FAILURES, facts.code);
    if (known) flow.conclude(facts);
    flow.bytes += record.payload.length;
    this.#fail(flow, known ? facts : hubFailure("relay-crashed"), record.time);
  }

  #fail(flow: Flow, failure: Failure, time: number): void {
    flow.failure = failure;
    this.failed++;
    this.#end(flow, time);
  }

  #end(flow: Flow, time: number): void {
    flow.endedAt = time;
    flow.claim(flow.connection.upstream);
    if (flow.failure === null) this.#log.append("flow.done", flow);
    else {
      const { step } = FAILURES[flow.failure.code];
      if (step === "tls" || step === "verify") this.#log.append("tls.failed", flow);
      this.#log.append("flow.failed", flow);
    }
    this.#table.end(flow);
  }

  #seeRare(flow: Flow, record: Record): void {
    const { kind, payload } = record;
    if (kind === Kind.responseOurs) flow.ours = true;
    else if (kind === Kind.dialled) flow.own(flow.connection.dial(payload));
    else if (kind === Kind.upstreamTls && flow.upstream !== null) flow.upstream.tls = jsonFact(payload);
    else if (kind === Kind.requestTrailers && flow.requestTrailers === null) flow.requestTrailers = payload.slice();
    else if (kind === Kind.responseTrailers && flow.responseTrailers === null) flow.responseTrailers = payload.slice();
    else if (kind === Kind.requestChanged && flow.changes === null) flow.changes = jsonFact(payload);
    else if (kind === Kind.responseInterim) return this.#interim(flow, payload);
    else if (kind === Kind.requestHead && flow.requestHead === null) return flow.keepRequestHead(payload, this.#slabs);
    else return this.#stray(record);
    flow.bytes += payload.length;
  }

  /** An upstream may send 1xx responses without end. */
  #interim(flow: Flow, head: Uint8Array): void {
    flow.interim ??= [];
    if (flow.interim.length < MAX_INTERIM) flow.interim.push(parseStatusLine(parseHead(head).startLine).status);
  }

  #stray(record: Record): void {
    this.strayRecords++;
    if (record.kind === Kind.exchangeDone || record.kind === Kind.exchangeFailed) this.strayEnds++;
  }

  #sweepSlabs(): void {
    const before = this.#slabs.generation - SWEEP_GENERATIONS;
    if (before < this.#sweptGeneration) return;
    this.#sweptGeneration = this.#slabs.generation;
    for (const flow of this.#table.open.values()) flow.leaveSlabs(before);
  }
}

function hubFailure(code: FailureCode): Failure {
  return { code, leg: FAILURES[code].leg, detail: null, answered: false };
}

const MAX_INTERIM = 32;
/** Flows open for longer than 16 slabs of heads take their own out of them. */
const SWEEP_GENERATIONS = 16;
