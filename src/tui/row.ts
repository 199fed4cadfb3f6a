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
  /** "" if the flow has none. */
  readonly method: string;
  readonly status: number | null;
  /** What filters look at, not printable: at most the first 1,024 characters. */
  readonly url: string;
  /** Not printable either, and without a port. */
  readonly host: string;
  /** The host as it is shown: with its port where that is not the scheme's own. */
  readonly authority: string;
  /** Path and query; the reason of a failure, or of a tunnel, in its place. */
  readonly path: string;
  /** Code of a failure; "" if there is none. */
  readonly code: string;
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
    method: short(summary.method, 16),
    status: summary.status,
    url: searched(summary.url, URL_CHARS),
    host: searched(summary.host, HOST_CHARS),
    authority: short(hostAndPort(summary), 128) || "–",
    path: short(pathColumn(summary), 512),
    code: summary.error?.code ?? "",
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
  if (summary.error) return summary.error.reason;
  if (summary.kind === "tunnel") return `tunnel: ${TUNNELS[summary.tunnel ?? "upgrade"]}`;
  return pathOf(summary.url);
}

function sizeOf(summary: FlowSummary): number | null {
  if (summary.kind === "tunnel") return summary.state === "open" ? null : summary.req.size + (summary.res?.size ?? 0);
  return summary.state === "open" || !summary.res ? null : summary.res.size;
}

/** Cut before it is made printable: the wire may send a megabyte. */
function short(latin1: string, max: number): string {
  return printable(wireText(cut(latin1, max)), "list");
}

/** Text to search in. A cut is copied: a slice would keep all of the megabyte that it was cut from. */
function searched(latin1: string, max: number): string {
  return wireText(latin1.length <= max ? latin1 : Buffer.from(cut(latin1, max), "latin1").toString("latin1"));
}

/** A cut inside a character would turn all of a UTF-8 text into Latin-1. */
function cut(latin1: string, max: number): string {
  return latin1.length <= max ? latin1 : latin1.slice(0, max).replace(/[\xc2-\xf4][\x80-\xbf]{0,3}$/, "");
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

/** What the list keeps of a URL for filters; the help says so. */
const URL_CHARS = 1024;
/** A DNS name has at most 253. */
const HOST_CHARS = 256;
