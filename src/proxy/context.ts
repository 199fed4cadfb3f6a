/** What every connection of one relay shares. */

import type { LeafContexts } from "../ca/contexts.ts";
import type { Recorder } from "../capture/recorder.ts";
import type { UpstreamTrust } from "../tls/upstream-trust.ts";
import type { DialOptions } from "./dial.ts";
import type { Capture } from "./exchange.ts";
import type { Http1Options } from "./http1.ts";

export interface RelayContext extends Capture {
  readonly recorder: Recorder;
  readonly leaves: LeafContexts;
  readonly trust: UpstreamTrust;
  readonly insecure: boolean;
  readonly dialOptions: DialOptions;
  readonly headBytes: number;
  readonly headTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  nextConnection(): number;
}

/** One client connection, from accept to close. */
export interface ClientConnection {
  readonly relay: RelayContext;
  readonly id: number;
  /** Ends it so that the client can't take what it has for the whole: a TCP reset. */
  readonly reset: () => void;
}

/** What all HTTP/1.1 on a client connection has in common, whatever it runs in. */
export function http1Options({ relay, id, reset }: ClientConnection): Http1Common {
  const { headBytes, headTimeoutMs } = relay;
  return { capture: relay, connection: id, resetClient: reset, headBytes, headTimeoutMs };
}

type Http1Common = Pick<Http1Options, "capture" | "connection" | "resetClient" | "headBytes" | "headTimeoutMs">;
