/** One flow as the hub keeps it: the bytes of its heads, counts and times. `summary.ts` reads it when somebody looks. */

import type { AttemptOpened, Destination, ExchangeFailed, HeadChange, TunnelOpened } from "../capture/facts.ts";
import type { Record, Totals } from "../capture/record.ts";
import { Body } from "./bodies.ts";
import type { Connection, Upstream } from "./connection.ts";
import type { FlowEventName, FlowId, FlowKind } from "./events.ts";
import type { Fact } from "./fact.ts";
import type { Slabs, Span } from "./slabs.ts";

export class Flow {
  readonly number: number;
  readonly kind: FlowKind;
  readonly connection: Connection;
  /** Epoch ms. */
  readonly started: number;
  respondedAt: number | null = null;
  endedAt: number | null = null;

  /** As they were when the flow opened: a connection learns its destination, or TLS, between two flows. */
  readonly secure: boolean;
  readonly destination: Fact<Destination> | null;
  readonly dialled: readonly Upstream[];
  /** The upstream that it uses, once known, and whether it is the first to. */
  upstream: Upstream | null = null;
  ownsUpstream = false;

  /** What opened a tunnel or an attempt. */
  opening: Fact<TunnelOpened | AttemptOpened> | null = null;
  requestHead: Span | null = null;
  requestBody: Body | null = null;
  requestTrailers: Uint8Array | null = null;
  changes: Fact<HeadChange[]> | null = null;
  responseHead: Span | null = null;
  responseBody: Body | null = null;
  responseTrailers: Uint8Array | null = null;
  /** Statuses of 1xx responses. */
  interim: number[] | null = null;
  /** The response is plainwire's own page. */
  ours = false;

  /** When the request's last byte was passed on. */
  requestEnded: number | null = null;
  /** Set if it ended as failed. */
  failure: Failure | null = null;

  /** Bytes of heads, trailers and facts of its own. */
  bytes = 0;
  /** Entries in the event log that refer to it. */
  logged = 0;
  /** False once the table has dropped it; its bytes are then the event log's, which counts that many for it. */
  inTable = true;
  logBytes = 0;
  #generation = 0;

  constructor(kind: FlowKind, record: Record, connection: Connection) {
    this.kind = kind;
    this.number = record.exchange;
    this.started = record.time;
    this.connection = connection;
    this.secure = connection.clientTls !== null;
    this.destination = connection.destination;
    this.dialled = connection.dialled;
    this.claim(connection.upstream);
  }

  get id(): FlowId {
    return flowId(this.number);
  }

  /** The time of its event of that name; before it, the flow's latest. */
  timeOf(event: FlowEventName): number {
    if (event === "flow.request") return this.started;
    if (event === "flow.response") return this.respondedAt ?? this.started;
    return this.endedAt ?? this.respondedAt ?? this.started;
  }

  /** The flow goes by this upstream; the first that does owns the times of its dial and handshake. */
  claim(upstream: Upstream | null): void {
    if (upstream === null || this.upstream !== null) return;
    this.upstream = upstream;
    this.ownsUpstream = !upstream.claimed;
    upstream.claimed = true;
  }

  /** An exchange that dialled for itself. */
  own(upstream: Upstream): void {
    this.upstream = upstream;
    this.ownsUpstream = true;
    upstream.claimed = true;
  }

  /** What the relay counted until the flow's end. */
  conclude(totals: Totals): void {
    this.requestBody = concluded(this.requestBody, totals.requestWire, totals.requestContent);
    this.responseBody = concluded(this.responseBody, totals.responseWire, totals.responseContent);
    if (totals.requestEnded > 0) this.requestEnded = totals.requestEnded;
  }

  keepRequestHead(bytes: Uint8Array, slabs: Slabs): void {
    this.requestHead = slabs.copy(bytes);
    this.bytes += bytes.length;
    this.#generation = slabs.generation;
  }

  keepResponseHead(bytes: Uint8Array, slabs: Slabs): void {
    this.responseHead = slabs.copy(bytes);
    this.bytes += bytes.length;
    this.#generation = slabs.generation;
  }

  /** Gives the heads of a flow that stays open memory of their own, or each would keep a whole slab. */
  leaveSlabs(before: number): void {
    if (this.#generation >= before) return;
    this.#generation = Number.POSITIVE_INFINITY;
    this.requestHead?.leaveSlab();
    this.responseHead?.leaveSlab();
  }
}

/** Why a flow failed; the relay gives totals, the hub has none when it ends a flow itself. */
export type Failure = Pick<ExchangeFailed, "code" | "leg" | "detail" | "answered">;

function concluded(body: Body | null, wire: number, content: number): Body | null {
  if (wire === 0) return body;
  const known = body ?? new Body();
  known.wire = wire;
  known.content = content;
  return known;
}

export function flowId(exchange: number): FlowId {
  return `f_${exchange.toString(36)}`;
}

/** The number in a flow id, or undefined if it is none. */
export function exchangeOf(id: FlowId): number | undefined {
  if (!/^f_[0-9a-z]{1,7}$/.test(id)) return undefined;
  const exchange = Number.parseInt(id.slice(2), 36);
  return flowId(exchange) === id ? exchange : undefined;
}
