/** A flow's heads and facts, parsed together because they explain each other. Made when somebody looks, then dropped. */

import type { TunnelReason } from "../capture/facts.ts";
import { parseRequestLine, parseStatusLine } from "../wire/http1-message.ts";
import type { Upstream } from "./connection.ts";
import { type Message, requestOf, responseOf } from "./content.ts";
import type { ClientInfo } from "./events.ts";
import type { Flow } from "./flow.ts";
import { endpoint, type Place, placeOf } from "./place.ts";

export interface Reading {
  flow: Flow;
  method: string;
  /** "1.1"; "" if it is not HTTP */
  http: string;
  place: Place;
  request: Message;
  response: Message | null;
  /** Null as long as there is no response head. */
  status: { status: number; reason: string; http: string } | null;
  /** The connection that it goes by, and whether an earlier flow did. */
  upstream: { to: Upstream; reused: boolean } | null;
}

export function read(flow: Flow): Reading {
  const request = requestOf(flow);
  const response = responseOf(flow);
  const { method, target, version } = requestLine(flow, request.startLine);
  const place = placeOf(flow, target);
  return {
    flow,
    method,
    http: version,
    place,
    request,
    response,
    status: flow.responseHead === null || response === null ? null : statusLine(response.startLine),
    upstream: upstreamOf(flow, place),
  };
}

export function clientOf(flow: Flow): ClientInfo {
  const opened = flow.connection.client?.value ?? null;
  return { addr: opened === null ? "" : endpoint(opened.client) };
}

/** Why a tunnel is one; null for other flows. */
export function tunnelReason(flow: Flow): TunnelReason | null {
  const opening = flow.opening?.value;
  return opening && "reason" in opening ? opening.reason : null;
}

function requestLine(flow: Flow, line: string): { method: string; target: string; version: string } {
  if (flow.kind === "http") return parseRequestLine(line);
  return { method: flow.kind === "tunnel" ? "CONNECT" : "", target: "", version: "" };
}

function statusLine(line: string): { status: number; reason: string; http: string } {
  const { status, reason, version } = parseStatusLine(line);
  return { status, reason, http: version };
}

function upstreamOf(flow: Flow, place: Place): Reading["upstream"] {
  if (flow.upstream !== null) return { to: flow.upstream, reused: !flow.ownsUpstream };
  // A plain-HTTP proxy request that dialled nothing: it took what an earlier one on its connection had dialled.
  const earlier = flow.dialled.findLast((upstream) => leadsTo(upstream, place));
  if (earlier !== undefined) return { to: earlier, reused: true };
  const late = flow.endedAt === null ? flow.connection.upstream : null;
  return late && { to: late, reused: late.claimed };
}

function leadsTo(upstream: Upstream, place: Place): boolean {
  const destination = upstream.dialled?.value?.destination;
  return destination?.hostname === place.host && destination.port === place.port;
}
