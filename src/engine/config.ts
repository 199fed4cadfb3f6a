/** What an engine is started with. */

import type { CaptureSettings, RelayLimits } from "./control.ts";

export interface EngineConfig {
  listen: { host: string; port: number };
  feed: { host: string; port: number };
  caDir: string;
  /** PEM texts trusted for upstreams beside the bundled and the system's roots. */
  upstreamCas: { path: string; pem: string }[];
  /** Relay to upstreams whose certificates do not verify. */
  insecure: boolean;
  limits: RelayLimits;
  /** Budgets in bytes, `flows` in flows. */
  capture: CaptureSettings & { totalBodyBytes: number; ringBytes: number; flows: number };
  log: Log;
  /** Where the engine leaves its addresses and token for the user's other programs; absent: it leaves none. */
  runtimeFolder?: string;
  version: string;
}

export type Log = (level: "info" | "warn" | "error", message: string) => void;
