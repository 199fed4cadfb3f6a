/** A flow -> its events, as the feed sends them. `event` comes first. */

import type { FlowEvent, FlowEventName, FlowRequest, FlowResponse, TlsFailed } from "./events.ts";
import { failureWords } from "./failure.ts";
import type { Failure, Flow } from "./flow.ts";
import { hostOf } from "./place.ts";
import { clientOf, read, type Reading, tunnelReason } from "./reading.ts";
import { summarize, type Surroundings } from "./summary.ts";

/** The event of this name, which has happened to the flow. */
export function describe(name: FlowEventName, flow: Flow, around: Surroundings): FlowEvent {
  if (name === "flow.request") return requestEvent(read(flow));
  if (name === "flow.response") return responseEvent(read(flow));
  if (name === "tls.failed" && flow.failure !== null) return tlsEvent(read(flow), flow.failure, around);
  const summary = summarize(flow, around);
  if (summary.error === null) return { event: "flow.done", ...summary };
  return { event: "flow.failed", ...summary, error: summary.error };
}

function requestEvent({ flow, method, http, place, request }: Reading): FlowRequest {
  return {
    event: "flow.request",
    flow: flow.id,
    t: flow.started,
    kind: flow.kind,
    method,
    url: place.url,
    host: place.host,
    port: place.port,
    scheme: place.scheme,
    http,
    headers: request.headers,
    changes: flow.changes?.value ?? [],
    tunnel: tunnelReason(flow),
    client: clientOf(flow),
  };
}

function responseEvent({ flow, response, status }: Reading): FlowResponse {
  return {
    event: "flow.response",
    flow: flow.id,
    t: flow.timeOf("flow.response"),
    status: status?.status ?? 0,
    reason: status?.reason ?? "",
    http: status?.http ?? "",
    headers: response?.headers ?? [],
    ours: flow.ours,
  };
}

function tlsEvent({ flow, place, upstream }: Reading, failure: Failure, { caPath }: Surroundings): TlsFailed {
  const { code, leg, alert, reason, hint, detail } = failureWords(failure, hostOf(place), caPath);
  const asked = leg === "upstream" ? upstream?.to.tls?.value?.servername : undefined;
  return {
    event: "tls.failed",
    flow: flow.id,
    t: flow.timeOf("tls.failed"),
    leg,
    sni: asked ?? flow.connection.clientHello?.value?.sni ?? null,
    alert,
    code,
    reason,
    hint,
    detail,
    client: clientOf(flow),
  };
}
