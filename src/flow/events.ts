/**
 * The one union of flow events. The feed sends these objects as JSON-RPC parameters, the UI reduces them, the store will
 * keep them: same names, same fields everywhere.
 *
 * Times are epoch milliseconds (`t`) or durations in milliseconds. Text that came off the wire is Latin-1 decoded, one
 * character a byte, and unfiltered: whoever shows it makes it printable first.
 */

import type { CertificateFact, HeadChange, TunnelReason } from "../capture/facts.ts";
import type { FailureCode, Leg } from "../errors.ts";

/** Opaque, unique for one run of the engine: "f_8kq2". */
export type FlowId = string;

export type FlowKind =
  /** A request with its response. */
  | "http"
  /** Bytes relayed unread, or after an upgrade. */
  | "tunnel"
  /** What never became an exchange: garbage, half a request, a refused handshake. */
  | "attempt";

export type FlowState = "open" | "done" | "failed";

/** Name and value as sent, white space around the value removed. Order, case and duplicates are the wire's. */
export type HeaderList = [name: string, value: string][];

export interface ClientInfo {
  /** "127.0.0.1:52166" */
  addr: string;
}

export interface Failed {
  code: FailureCode;
  leg: Leg;
  step: string;
  /** What happened, in a sentence about this host. */
  reason: string;
  /** What to do about it. */
  hint: string;
  /** The platform's own words, or null. */
  detail: string | null;
  /** Status of plainwire's own page that the client was given, or null. */
  answered: number | null;
}

/** A body as the feed carries it: its facts, and its content if it was asked for and is small enough. */
export interface BodyInfo {
  /** Content bytes on the wire, without chunk framing, before decoding. */
  size: number;
  /** How many of the wire's bytes were kept; less than what passed means the rest can't be shown. */
  kept: number;
  /** Media type without parameters, lower case, or null. */
  mime: string | null;
  /** Content codings, first applied first: ["br"]. */
  coding: string[];
  /** Where the content is when it is not inline: `GET /v1/flows/{ref}/body`. */
  ref?: string;
  encoding?: "utf8" | "base64";
  /** Decoded content: codings undone. */
  text?: string;
  /** True if `text` ends before the content does. */
  truncated?: boolean;
  /** Why the content could not be decoded; `text` is then the content as sent. */
  undecodable?: string;
}

/** Durations; null where a step did not take place for this flow (a connection that was there already). */
export interface Timing {
  dns: number | null;
  connect: number | null;
  tls: number | null;
  /** First to last byte of the request. */
  send: number | null;
  /** Last byte of the request to first byte of the response. */
  wait: number | null;
  /** First to last byte of the response. */
  receive: number | null;
  total: number | null;
}

export interface LegTls {
  version: string;
  cipher: string;
  alpn: string | null;
}

export interface TlsInfo {
  client: (LegTls & { sni: string | null; resumed: boolean }) | null;
  upstream:
    | (LegTls & {
        verified: boolean;
        /** "verified" or a failure code of `errors.ts`. */
        verdict: string;
        detail: string | null;
        /** True if traffic went on in spite of the verdict (--insecure). */
        insecure: boolean;
        chain: CertificateFact[];
      })
    | null;
}

interface About {
  flow: FlowId;
  t: number;
}

/** What was asked for, and where. */
interface Asked extends About {
  kind: FlowKind;
  /** For a tunnel "CONNECT"; for an attempt "". */
  method: string;
  /** "https://api.example.com/v1/login"; for a tunnel "api.example.com:443"; for an attempt "" or the destination. */
  url: string;
  /** Hostname of the destination, without port; "" if unknown. */
  host: string;
  port: number;
  scheme: "http" | "https" | "tcp";
  /** "1.1", "1.0", or "" for a tunnel or an attempt. */
  http: string;
  /** Why a tunnel is one. */
  tunnel: TunnelReason | null;
  client: ClientInfo;
}

export interface FlowRequest extends Asked {
  event: "flow.request";
  headers: HeaderList;
  changes: HeadChange[];
}

export interface FlowResponse extends About {
  event: "flow.response";
  status: number;
  reason: string;
  http: string;
  headers: HeaderList;
  /** True if this is plainwire's own page. */
  ours: boolean;
}

/** The whole summary: a script that reads only `flow.done` and `flow.failed` misses nothing. */
export interface FlowSummary extends Asked {
  state: FlowState;
  /** When the flow began. */
  started: number;
  /** Null as long as there is none. */
  status: number | null;
  reason: string | null;
  req: {
    headers: HeaderList;
    trailers: HeaderList;
    size: number;
    wire: number;
    body: BodyInfo | null;
    changes: HeadChange[];
  };
  /** Null if no response began. `interim` are 1xx responses in order. */
  res: {
    headers: HeaderList;
    trailers: HeaderList;
    size: number;
    wire: number;
    body: BodyInfo | null;
    ours: boolean;
    interim: number[];
  } | null;
  timing: Timing;
  tls: TlsInfo;
  upstream: { addr: string; reused: boolean } | null;
  error: Failed | null;
}

export interface FlowDone extends FlowSummary {
  event: "flow.done";
}

export interface FlowFailed extends FlowSummary {
  event: "flow.failed";
  error: Failed;
}

/** A handshake that failed, on either leg; the flow that it belongs to fails as well. */
export interface TlsFailed extends About {
  event: "tls.failed";
  leg: Leg;
  sni: string | null;
  /** "unknown_ca", or null if the peer sent no alert. */
  alert: string | null;
  code: FailureCode;
  reason: string;
  hint: string;
  detail: string | null;
  client: ClientInfo;
}

export type FlowEvent = FlowRequest | FlowResponse | FlowDone | FlowFailed | TlsFailed;
export type FlowEventName = FlowEvent["event"];
