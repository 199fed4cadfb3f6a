/** One line of the flow list: what it needs of a flow, printable and short, so that 100,000 of them stay small. */

import type { FlowId, FlowKind, FlowState, FlowSummary } from "../flow/events.ts";
import { printable, wireText } from "../flow/printable.ts";
import { shortType } from "./format.ts";

export interface Row {
  /** Number in the list, from 1, never reused. */
  readonly ordinal: number;
  readonly id: FlowId;
  readonly kind: FlowKind;
  readonly state: FlowState;
  /** Epoch ms. */
  readonly started: number;
  readonly method: string;
  readonly status: number | null;
  /** With its port where that is not the scheme's own. */
  readonly host: string;
  /** Path and query; the code and the reason of a failure, or of a tunnel, in its place. */
  readonly path: string;
  readonly type: string;
  /** Body bytes of the response; both directions for a tunnel. Null as long as unknown. */
  readonly size: number | null;
  /** Ms, or null as long as it is open. */
  readonly duration: number | null;
  /** True if traffic went on in spite of a verdict (--insecure). */
  readonly insecure: boolean;
}

export function rowOf(summary: FlowSummary, ordinal: number): Row {
  return {
    ordinal,
    id: summary.flow,
    kind: summary.kind,
    state: summary.state,
    started: summary.started,
    method: short(summary.method, 16) || "–",
    status: summary.status,
    host: short(hostAndPort(summary), 128) || "–",
    path: short(pathColumn(summary), 512),
    type: short(shortType(summary.res?.body?.mime ?? null), 12),
    size: sizeOf(summary),
    duration: summary.state === "open" ? null : summary.timing.total,
    insecure: summary.tls.upstream?.insecure === true,
  };
}

/** "example.com", or "example.com:8443" where the port is not the scheme's own. */
export function hostAndPort(flow: Pick<FlowSummary, "host" | "port" | "scheme">): string {
  const host = flow.host.includes(":") ? `[${flow.host}]` : flow.host;
  const usual = flow.scheme === "https" ? 443 : flow.scheme === "http" ? 80 : 0;
  return host === "" || flow.port === usual || flow.port === 0 ? host : `${host}:${flow.port}`;
}

/** Path and query of a flow's URL; "" where it has none. */
export function pathOf(url: string): string {
  const authority = url.indexOf("://");
  if (authority < 0) return "";
  const path = url.slice(authority + 3).search(/[/?#]/);
  return path < 0 ? "/" : url.slice(authority + 3 + path);
}

function pathColumn(summary: FlowSummary): string {
  if (summary.error) return `${summary.error.code}: ${summary.error.reason}`;
  if (summary.kind === "tunnel") return `tunnel: ${TUNNELS[summary.tunnel ?? "upgrade"]}`;
  return pathOf(summary.url);
}

function sizeOf(summary: FlowSummary): number | null {
  if (summary.kind === "tunnel") return summary.state === "open" ? null : summary.req.size + (summary.res?.size ?? 0);
  return summary.state === "open" || !summary.res ? null : summary.res.size;
}

/** Cut before it is made printable: the wire may send a megabyte. */
function short(latin1: string, max: number): string {
  // A cut inside a character would turn all of a UTF-8 text into Latin-1.
  const whole = latin1.length <= max ? latin1 : latin1.slice(0, max).replace(/[\xc2-\xf4][\x80-\xbf]{0,3}$/, "");
  return printable(wireText(whole), "list");
}

/** Why bytes are relayed unread, in words. */
export const TUNNELS = {
  "unknown-protocol": "neither TLS nor HTTP, relayed unread",
  "upstream-first": "the upstream spoke first, relayed unread",
  "http2-only": "the client offers only HTTP/2, relayed unread",
  alpn: "a protocol that plainwire does not read",
  upgrade: "upgraded to another protocol",
  unused: "closed before the client sent a byte",
} as const satisfies Record<NonNullable<FlowSummary["tunnel"]>, string>;
