/** The control channel between the hub (main thread) and a relay (worker thread): the only messages beside capture batches. */

import type { MessagePort } from "node:worker_threads";

/** What a relay is started with (`workerData`). */
export interface RelayStart {
  listen: { host: string; port: number };
  /** PEM of the CA that mints. */
  ca: { certificate: string; key: string };
  /** PEM texts trusted for upstreams beside the bundled and the system's roots. */
  upstreamCas: string[];
  insecure: boolean;
  limits: RelayLimits;
  capture: CaptureSettings;
  /** Bytes of batches that the hub has dealt with: 32 bits, wrapping. The hub notifies after each change. */
  acknowledged: SharedArrayBuffer;
  /** Batches go here, by transfer. */
  records: MessagePort;
}

export interface RelayLimits {
  /** Bytes of one request or response head. */
  headBytes: number;
  connections: number;
  connectTimeoutMs: number;
  /** From the first byte of a head to its last. */
  headTimeoutMs: number;
  handshakeTimeoutMs: number;
}

export interface CaptureSettings {
  /** Wire bytes kept of one body, from its beginning. */
  bodyBytes: number;
  /** Bytes in flight between relay and hub, above which bodies are no longer kept. */
  inFlightBytes: number;
}

export type ToRelay =
  | { type: "stop" }
  /** Ports of the engine's own that must not be reached through the proxy. */
  | { type: "own-ports"; ports: number[] };

export type FromRelay =
  | { type: "listening"; host: string; port: number }
  | { type: "listen-failed"; code: string; message: string }
  | { type: "log"; level: "info" | "warn" | "error"; message: string };
