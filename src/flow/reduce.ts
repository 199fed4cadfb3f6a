/** The one reducer: a flow's summary is its events, folded. */

import type { FlowEvent, FlowFailed, FlowDone, FlowRequest, FlowResponse, FlowSummary } from "./events.ts";

/**
 * The summary after one more event of a flow. Undefined as long as nothing is known of it: its first events may have
 * been missed, and are not needed, since an end carries everything. After an end nothing changes.
 */
export function reduce(summary: FlowSummary | undefined, event: FlowEvent): FlowSummary | undefined {
  if (summary !== undefined && summary.state !== "open") return summary;
  switch (event.event) {
    case "flow.request":
      return summary ?? opened(event);
    case "flow.response":
      return summary && responded(summary, event);
    case "flow.done":
    case "flow.failed":
      return ended(event);
    case "tls.failed":
      return summary;
  }
}

function opened(event: FlowRequest): FlowSummary {
  const { flow, t, kind, method, url, host, port, scheme, http, headers, changes, tunnel, client } = event;
  return {
    flow,
    t,
    state: "open",
    kind,
    method,
    url,
    host,
    port,
    scheme,
    http,
    started: t,
    status: null,
    reason: null,
    req: { headers, trailers: [], size: 0, wire: 0, body: null, changes },
    res: null,
    timing: { dns: null, connect: null, tls: null, send: null, wait: null, receive: null, total: null },
    tls: { client: null, upstream: null },
    tunnel,
    client,
    upstream: null,
    error: null,
  };
}

function responded(summary: FlowSummary, event: FlowResponse): FlowSummary {
  const { t, status, reason, headers, ours } = event;
  const res = { headers, trailers: [], size: 0, wire: 0, body: null, ours, interim: [] };
  return { ...summary, t, status, reason, res };
}

function ended(event: FlowDone | FlowFailed): FlowSummary {
  const { event: _, ...summary } = event;
  return summary;
}
