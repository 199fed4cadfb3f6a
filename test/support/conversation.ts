/**
 * A client, the relay and an upstream in memory. A test says what goes in and what must come out, in order:
 *
 *     const { client, upstream, tape } = await converse();
 *     client.sends(request);
 *     await upstream.receives(request);
 */

import { duplexPair, type Duplex } from "node:stream";
import { expect } from "vitest";
import type { Destination } from "../../src/capture/facts.ts";
import { Exchange } from "../../src/proxy/exchange.ts";
import { Http1Relay } from "../../src/proxy/http1.ts";
import { relayTunnel } from "../../src/proxy/tunnel.ts";
import type { UpstreamFailure } from "../../src/proxy/upstream-failure.ts";
import { ScriptedPeer } from "./scripted-peer.ts";
import { Tape, type TapeOptions } from "./tape.ts";
import { until } from "./until.ts";

export interface ConversationOptions {
  /** Why there is no upstream. */
  failure?: UpstreamFailure;
  destination?: Destination;
  headBytes?: number;
  headTimeoutMs?: number;
  bodyBytes?: number;
  tape?: TapeOptions;
  /** The connection of one of them is gone before the relay begins. */
  clientGone?: boolean;
  upstreamGone?: Error | "closed";
}

export interface Conversation {
  client: MemoryPeer;
  upstream: MemoryPeer;
  tape: Tape;
  /** Whether the relay reset the client's connection. */
  wasReset(): boolean;
}

/** An HTTP/1.1 relay between the two. */
export async function converse(options: ConversationOptions = {}): Promise<Conversation> {
  const { client, upstream, tape, capture } = setting(options);
  await prepare(client, upstream, options);
  let reset = false;
  new Http1Relay({
    capture,
    connection: 1,
    client: client.near,
    resetClient: () => {
      reset = true;
      client.near.destroy();
    },
    upstream: options.failure ?? upstream.near,
    destination: options.destination ?? { hostname: "example.test", port: 443 },
    defaultPort: 443,
    headBytes: options.headBytes ?? 16 * 1024,
    headTimeoutMs: options.headTimeoutMs ?? 60_000,
  });
  return { client, upstream, tape, wasReset: () => reset };
}

/** A tunnel between the two. */
export async function converseUnread(
  options: ConversationOptions & { early?: string } = {},
): Promise<Conversation & { over: Promise<void> }> {
  const { client, upstream, tape, capture } = setting(options);
  await prepare(client, upstream, options);
  const flow = new Exchange(capture, 1);
  flow.openTunnel({ destination: { hostname: "example.test", port: 443 }, reason: "unknown-protocol", from: null });
  const early = options.early === undefined ? null : Buffer.from(options.early);
  const over = relayTunnel(client.near, upstream.near, flow, early);
  return { client, upstream, tape, wasReset: () => false, over };
}

/** A peer whose connection's other end, the relay's, is in reach. */
export class MemoryPeer extends ScriptedPeer {
  readonly near: Duplex;

  constructor(name: string) {
    const [near, far] = duplexPair();
    super(name, far);
    this.near = near;
  }

  /** What a TCP reset is for the relay. */
  override resets(): this {
    this.near.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
    return this;
  }

  /** Its connection goes away without a FIN and without an error (TLS over a socket that was closed). */
  vanishes(): this {
    this.near.destroy();
    return this;
  }

  /** The relay let go of the connection without ending it in order: no FIN behind what was sent. */
  async seesAbort(): Promise<void> {
    await until(
      () => this.near.destroyed,
      () => "the relay to abort the connection",
    );
    expect(this.near.writableEnded, "ended in order").toBe(false);
  }

  async isLetGo(): Promise<void> {
    await until(
      () => this.near.destroyed,
      () => "the relay to let go of the connection",
    );
  }
}

async function prepare(client: MemoryPeer, upstream: MemoryPeer, options: ConversationOptions): Promise<void> {
  if (options.clientGone === true) await gone(client.near);
  if (options.upstreamGone !== undefined) await gone(upstream.near, options.upstreamGone);
}

async function gone(stream: Duplex, why: Error | "closed" = "closed"): Promise<void> {
  const closed = new Promise((resolve) => void stream.on("error", () => {}).on("close", resolve));
  if (why === "closed") stream.destroy();
  else stream.destroy(why);
  await closed;
}

function setting(options: ConversationOptions) {
  const tape = new Tape(options.tape);
  let exchanges = 0;
  const capture = {
    recorder: tape.recorder,
    bodyBytes: options.bodyBytes ?? 1024 * 1024,
    nextExchange: () => ++exchanges,
  };
  return { client: new MemoryPeer("the client"), upstream: new MemoryPeer("the upstream"), tape, capture };
}
