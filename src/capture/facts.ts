/** The records that are JSON: facts about connections, once per connection or per failure, never per exchange. */

import type { FailureCode, Leg } from "../errors.ts";

export interface ConnectionOpened {
  client: Address;
}

export interface Address {
  address: string;
  port: number;
}

/** What the client asked for: a name or a literal address (IPv6 without brackets), lower case. */
export interface Destination {
  hostname: string;
  port: number;
}

export interface ClientTls {
  /** "TLSv1.3" */
  version: string;
  cipher: string;
  /** The protocol both sides chose, or null. */
  alpn: string | null;
  /** Name that the leaf was minted for. */
  leafName: string;
  /** Time in ms from the whole ClientHello to the finished handshake, waiting for the upstream included. */
  handshakeMs: number;
  resumed: boolean;
}

export interface Dialled {
  destination: Destination;
  remote: Address;
  dnsMs: number;
  connectMs: number;
}

export interface UpstreamTls {
  version: string;
  cipher: string;
  alpn: string | null;
  /** Name that was asked for and verified against. */
  servername: string;
  /** "verified", or the verdict's failure code; with --insecure the traffic went on in spite of it. */
  verdict: "verified" | FailureCode;
  /** Node's or OpenSSL's own words for the verdict. */
  detail: string | null;
  insecure: boolean;
  /** Leaf first, as verified. */
  chain: CertificateFact[];
  handshakeMs: number;
}

export interface CertificateFact {
  subject: string;
  issuer: string;
  /** ISO 8601 */
  validFrom: string;
  validTo: string;
  /** Upper-case hex, colons between bytes. */
  sha256: string;
  subjectAltName: string | null;
}

/** One thing that the relay changed in a request's head; `after` null means removed. Latin-1 text. */
export interface HeadChange {
  what: string;
  before: string | null;
  after: string | null;
  /** The rule that demands it: "RFC 9112 3.2.1". */
  why: string;
}

export interface TunnelOpened {
  destination: Destination;
  reason: TunnelReason;
  /** The exchange that turned into this tunnel (an upgrade), or null. */
  from: number | null;
}

/** Why bytes are relayed unread. */
export type TunnelReason =
  /** Neither TLS nor HTTP. */
  | "unknown-protocol"
  /** The upstream spoke before the client. */
  | "upstream-first"
  /** The client offers only `h2`, which plainwire cannot read yet. */
  | "http2-only"
  /** The two peers agreed on a protocol by ALPN that plainwire does not read. */
  | "alpn"
  /** 101 Switching Protocols, or CONNECT inside a tunnel. */
  | "upgrade"
  /** The client closed the tunnel before it sent a byte (browsers open spare connections). */
  | "unused";

export interface AttemptOpened {
  /** Null as long as nobody said where to. */
  destination: Destination | null;
}

export interface ExchangeFailed {
  code: FailureCode;
  leg: Leg;
  /** The cause in the platform's words ("connect ECONNREFUSED 127.0.0.1:9"); may hold bytes chosen by a peer. */
  detail: string | null;
  /** Totals as far as the exchange got. */
  requestContent: number;
  responseContent: number;
  requestWire: number;
  responseWire: number;
  /** Epoch ms, or 0 if the request never ended. */
  requestEnded: number;
  /** True if plainwire answered with its own page. */
  answered: boolean;
}
