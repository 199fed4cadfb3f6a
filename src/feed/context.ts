/** What the parts of one feed share. */

import type { FlowSource } from "../flow/source.ts";
import type { Hello } from "./client.ts";
import type { EventJson } from "./event-json.ts";
import { type FeedLimits, PROTOCOL, VERSION } from "./protocol.ts";

export interface FeedInfo {
  version: string;
  pid: number;
  /** URL of the proxy, asked for when someone connects: it may not listen yet when the feed starts. */
  proxy: () => string;
  /** Path of the CA certificate. */
  ca: string;
  insecure: boolean;
}

export interface FeedContext {
  source: FlowSource;
  info: FeedInfo;
  limits: FeedLimits;
  eventJson: EventJson;
  clients: Set<Watcher>;
}

/** A client that gets events: a WebSocket or an event stream. */
export interface Watcher {
  readonly subscriptions: number;
  /** Entries were appended. */
  wake(): void;
  /** Says goodbye and closes, as soon as the peer has read what it was sent. */
  close(reason: string): void;
}

export function hello({ source, info, limits }: FeedContext): Hello {
  return {
    protocol: PROTOCOL,
    version: VERSION,
    server: { name: "plainwire", version: info.version, pid: info.pid },
    proxy: info.proxy(),
    ca: info.ca,
    insecure: info.insecure,
    epoch: source.epoch,
    seq: sequence(source),
    now: Date.now(),
    limits: {
      // The log is bounded in bytes; this many entries are in it now.
      ring: source.next - source.first,
      maxFrame: limits.maxFrame,
      inlineBody: limits.inlineBody,
      highWater: limits.highWater,
    },
    scopes: ["read"],
    features: ["replay", "bodies"],
  };
}

export interface Stats {
  epoch: string;
  seq: { first: number; last: number };
  /** WebSockets and event streams. */
  clients: number;
  subscriptions: number;
  /** Flows that can be looked up, and of them those without an end. */
  flows: number;
  open: number;
  /** Since the start. */
  failed: number;
  /** Bytes that hold bodies now; and bytes of bodies that passed and were never kept, since the start. */
  bodies: { kept: number; dropped: number };
  now: number;
}

export function stats({ source, clients }: FeedContext): Stats {
  let subscriptions = 0;
  for (const client of clients) subscriptions += client.subscriptions;
  const { flows, open, failed, bodyBytes, bodyBytesDropped } = source.stats();
  return {
    epoch: source.epoch,
    seq: sequence(source),
    clients: clients.size,
    subscriptions,
    flows,
    open,
    failed,
    bodies: { kept: bodyBytes, dropped: bodyBytesDropped },
    now: Date.now(),
  };
}

function sequence(source: FlowSource): { first: number; last: number } {
  return { first: source.first, last: source.next - 1 };
}
