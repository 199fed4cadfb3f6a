/** A flow -> its summary. */

import type { BodyRing } from "./bodies.ts";
import { bodyInfo, type Message, sizeOf } from "./content.ts";
import type { BodyInfo, Failed, FlowState, FlowSummary, HeaderList, TlsInfo } from "./events.ts";
import { failureWords } from "./failure.ts";
import type { Flow } from "./flow.ts";
import { endpoint, hostOf } from "./place.ts";
import { clientOf, read, type Reading, tunnelReason } from "./reading.ts";
import { timingOf } from "./timing.ts";

/** What is needed beside the flow. */
export interface Surroundings {
  /** Path of plainwire's CA certificate, for hints. */
  caPath: string;
  bodies: BodyRing;
}

export function summarize(flow: Flow, around: Surroundings): FlowSummary {
  const reading = read(flow);
  const { request, response, status, place } = reading;
  return {
    flow: flow.id,
    t: flow.timeOf("flow.done"),
    state: stateOf(flow),
    kind: flow.kind,
    method: reading.method,
    url: place.url,
    host: place.host,
    port: place.port,
    scheme: place.scheme,
    http: reading.http,
    started: flow.started,
    status: status?.status ?? null,
    reason: status?.reason ?? null,
    req: { ...messageInfo(request, around.bodies), changes: flow.changes?.value ?? [] },
    res: response && { ...messageInfo(response, around.bodies), ours: flow.ours, interim: flow.interim ?? [] },
    timing: timingOf(reading),
    tls: tlsOf(reading),
    tunnel: tunnelReason(flow),
    client: clientOf(flow),
    upstream: upstreamOf(reading),
    error: errorOf(reading, around),
  };
}

function stateOf(flow: Flow): FlowState {
  if (flow.endedAt === null) return "open";
  return flow.failure === null ? "done" : "failed";
}

function messageInfo(message: Message, bodies: BodyRing): MessageInfo {
  const { headers, trailers, body } = message;
  return { headers, trailers, size: sizeOf(message, bodies), wire: body?.wire ?? 0, body: bodyInfo(message, bodies) };
}

interface MessageInfo {
  headers: HeaderList;
  trailers: HeaderList;
  size: number;
  wire: number;
  body: BodyInfo | null;
}

function tlsOf({ flow, upstream }: Reading): TlsInfo {
  const client = flow.secure ? (flow.connection.clientTls?.value ?? null) : null;
  const server = upstream?.to.tls?.value ?? null;
  return {
    client: client && {
      version: client.version,
      cipher: client.cipher,
      alpn: client.alpn,
      sni: flow.connection.clientHello?.value?.sni ?? null,
      resumed: client.resumed,
    },
    upstream: server && {
      version: server.version,
      cipher: server.cipher,
      alpn: server.alpn,
      verified: server.verdict === "verified",
      verdict: server.verdict,
      detail: server.detail,
      insecure: server.insecure,
      chain: server.chain,
    },
  };
}

function upstreamOf({ upstream }: Reading): FlowSummary["upstream"] {
  const dialled = upstream?.to.dialled?.value ?? null;
  return dialled && { addr: endpoint(dialled.remote), reused: upstream?.reused ?? false };
}

function errorOf({ flow, place }: Reading, { caPath }: Surroundings): Failed | null {
  if (flow.failure === null) return null;
  const { alert: _, ...error } = failureWords(flow.failure, hostOf(place), caPath);
  return error;
}
