/**
 * A client connection from its first bytes on: sniffs what it speaks and hands it to who relays that.
 *
 * The same function serves a fresh connection and, after CONNECT, the inside of a tunnel: only the destination differs.
 */

import type net from "node:net";
import type { Duplex } from "node:stream";
import type { Destination, TunnelReason } from "../capture/facts.ts";
import { Kind } from "../capture/record.ts";
import type { FailureCode } from "../errors.ts";
import { sniff } from "../wire/sniff.ts";
import { type ClientConnection, http1Options, type RelayContext } from "./context.ts";
import { type Dial, dial } from "./dial.ts";
import { Exchange } from "./exchange.ts";
import { Forwarder } from "./forward.ts";
import { Http1Relay } from "./http1.ts";
import { intercept } from "./intercept.ts";
import { peek, type Peeked } from "./peek.ts";
import { relayTunnel } from "./tunnel.ts";

/** Serves an accepted socket until it closes. Never rejects: what goes wrong is a flow. */
export async function serveConnection(relay: RelayContext, socket: net.Socket): Promise<void> {
  const connection: ClientConnection = {
    relay,
    id: relay.nextConnection(),
    reset: () => void socket.resetAndDestroy(),
  };
  const { recorder } = relay;
  recorder.fact(Kind.connectionOpened, connection.id, 0, {
    client: { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
  });
  socket.on("close", () => recorder.mark(Kind.connectionClosed, connection.id, 0));
  // Under TLS the socket's errors arrive twice; who relays has its own listener.
  socket.on("error", ignore);

  const first = await peek(socket, protocolOf, { timeoutMs: relay.headTimeoutMs });
  if (first.outcome === "decided" && first.value === "http") return servePlainHttp(connection, socket);
  if (first.outcome === "decided" && first.value === "tls") return intercept(connection, socket, null);
  refuse(connection, socket, first);
}

/** Requests that name their own upstream, and CONNECT. */
function servePlainHttp(connection: ClientConnection, socket: Duplex): void {
  const { relay, id } = connection;
  new Http1Relay({
    ...http1Options(connection),
    client: socket,
    upstream: new Forwarder(relay),
    destination: null,
    defaultPort: 80,
    onConnect: (destination) => {
      relay.recorder.fact(Kind.destination, id, 0, destination);
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      void serveTunnel(connection, socket, destination);
    },
  });
}

/** What follows CONNECT: TLS, HTTP in the clear, or anything else; or an upstream that speaks first. */
async function serveTunnel(connection: ClientConnection, socket: Duplex, destination: Destination): Promise<void> {
  const { relay } = connection;
  const dialling = dial(destination, relay.dialOptions);
  const first = await firstToSpeak(socket, dialling, relay.headTimeoutMs);
  const protocol = first.outcome === "decided" ? first.value : null;
  if (protocol === "tls") return intercept(connection, socket, { destination, dialling });

  const dialled = await dialling;
  if (dialled.ok) relay.recorder.fact(Kind.dialled, connection.id, 0, dialled.facts);
  if (protocol === "http") return serveTunnelledHttp(connection, socket, destination, dialled);
  const flow = new Exchange(relay, connection.id);
  if (!dialled.ok) return endAttempt(flow, socket, destination, dialled.failure.code, dialled.failure.detail);
  flow.openTunnel({ destination, reason: tunnelReason(first), from: null });
  // A stream that has ended takes nothing back.
  await relayTunnel(socket, dialled.socket, flow, first.outcome === "ended" ? first.bytes : null);
}

function serveTunnelledHttp(
  connection: ClientConnection,
  socket: Duplex,
  destination: Destination,
  dialled: Dial,
): void {
  new Http1Relay({
    ...http1Options(connection),
    client: socket,
    upstream: dialled.ok ? dialled.socket : dialled.failure,
    destination,
    defaultPort: 80,
  });
}

/** Peeks at the client, unless the upstream speaks before it (SSH, SMTP, MySQL): then the outcome is "aborted". */
async function firstToSpeak(client: Duplex, dialling: Promise<Dial>, timeoutMs: number): Promise<Peeked<Protocol>> {
  const upstreamSpoke = new AbortController();
  const clientSpoke = new AbortController();
  const upstream = dialling.then(async (dialled) => {
    if (!dialled.ok) return;
    const banner = await peek(dialled.socket, () => true, { signal: clientSpoke.signal });
    if (banner.outcome === "decided") upstreamSpoke.abort(SPOKE);
  });
  const first = await peek(client, protocolOf, { timeoutMs, signal: upstreamSpoke.signal });
  clientSpoke.abort(SPOKE);
  // What was read of the upstream must be back in its stream before anybody else reads from it.
  if (first.outcome === "aborted") await upstream;
  return first;
}

function tunnelReason(first: Peeked<Protocol>): TunnelReason {
  if (first.outcome === "aborted") return "upstream-first";
  if (first.outcome === "decided" && first.value === "http2") return "http2-only";
  return first.outcome === "ended" && first.bytes.length === 0 ? "unused" : "unknown-protocol";
}

/** Nothing that a proxy is asked: the bytes are recorded, and the client is told. */
function refuse(connection: ClientConnection, socket: Duplex, first: Peeked<Protocol>): void {
  // A connection that was opened and closed without a byte is a port check, not a failure.
  if (first.bytes.length === 0) return void socket.destroy();
  const flow = new Exchange(connection.relay, connection.id);
  const timedOut = first.outcome === "timeout";
  const code = timedOut ? "request-timeout" : first.outcome === "ended" ? "request-incomplete" : "not-http";
  flow.openAttempt({ destination: null });
  flow.requestBody(first.bytes, 0, first.bytes.length);
  flow.fail(code, null);
  socket.destroy();
}

function endAttempt(
  flow: Exchange,
  socket: Duplex,
  destination: Destination,
  code: FailureCode,
  detail: string | null,
): void {
  flow.openAttempt({ destination });
  flow.fail(code, detail);
  socket.destroy();
}

type Protocol = Exclude<ReturnType<typeof sniff>, "more">;

function protocolOf(bytes: Buffer): Protocol | null {
  const protocol = sniff(bytes);
  return protocol === "more" ? null : protocol;
}

function ignore(): void {}

/** Named, as the default reason is an exception that takes its stack: tens of microseconds a connection. */
const SPOKE = "spoke";
