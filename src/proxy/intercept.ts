/**
 * A client that speaks TLS: reads its whole ClientHello, asks the upstream, answers with a leaf, and relays what is
 * inside. When the upstream fails, the client's handshake is completed all the same and its request is told why.
 */

import type net from "node:net";
import type { Duplex } from "node:stream";
import type tls from "node:tls";
import { parseLeafName } from "../ca/name.ts";
import type { ClientTls, Destination, UpstreamTls } from "../capture/facts.ts";
import { Kind } from "../capture/record.ts";
import type { FailureCode } from "../errors.ts";
import { terminate } from "../tls/downstream.ts";
import { originate } from "../tls/upstream.ts";
import { type ClientHello, ClientHelloReader, isServerName } from "../wire/client-hello.ts";
import { type ClientConnection, http1Options } from "./context.ts";
import { type Dial, dial } from "./dial.ts";
import { Exchange } from "./exchange.ts";
import { Http1Relay } from "./http1.ts";
import { peek } from "./peek.ts";
import { relayTunnel } from "./tunnel.ts";
import type { UpstreamFailure } from "./upstream-failure.ts";

export interface Tunnel {
  destination: Destination;
  dialling: Promise<Dial>;
}

/** @param tunnel null for TLS directly on the proxy's port: then the SNI says where to */
export async function intercept(connection: ClientConnection, socket: Duplex, tunnel: Tunnel | null): Promise<void> {
  const { relay, id } = connection;
  const started = performance.now();
  const read = await peek(socket, readHello(), { timeoutMs: relay.handshakeTimeoutMs });
  const hello = read.outcome === "decided" && read.value !== "not-tls" ? read.value : null;
  if (hello === null) return failedHello(connection, socket, tunnel, read.bytes, read.outcome);
  relay.recorder.bytes(Kind.clientHello, id, 0, hello.bytes);

  const destination = tunnel?.destination ?? destinationOf(hello);
  if (destination === null)
    return fail(connection, socket, null, "target-invalid", "no server name in the ClientHello");
  if (tunnel === null) relay.recorder.fact(Kind.destination, id, 0, destination);
  const name = hello.sni !== null && isServerName(hello.sni) ? hello.sni.toLowerCase() : destination.hostname;
  if (parseLeafName(name) === null)
    return fail(connection, socket, destination, "target-invalid", "no certificate can be for it");
  const dialled = await (tunnel?.dialling ?? dial(destination, relay.dialOptions));
  if (dialled.ok) relay.recorder.fact(Kind.dialled, id, 0, dialled.facts);

  const alpn = hello.alpn.filter((protocol) => protocol !== "h2");
  if (dialled.ok && alpn.length === 0 && hello.alpn.length > 0) {
    return passThrough(connection, socket, dialled.socket, destination);
  }
  const asking = dialled.ok ? startUpstream(connection, dialled.socket, name, alpn) : dialled.failure;
  // Minted while the upstream thinks: on first contact with a host nobody waits for it.
  const { context } = relay.leaves.contextFor(name);
  const upstream = await unlessGone(socket, asking);
  if (upstream === null) return vanished(connection, socket, dialled, destination);
  await answer({ connection, socket, destination, name, context, alpn, upstream, started });
}

/** Decides on a ClientHello, however it is split over segments and records. */
function readHello(): (bytes: Buffer) => ClientHello | "not-tls" | null {
  const reader = new ClientHelloReader();
  let seen = 0;
  return (bytes) => {
    const state = reader.push(bytes.subarray(seen));
    seen = bytes.length;
    return state === "done" ? reader.hello : state === "not-tls" ? state : null;
  };
}

interface Answer {
  connection: ClientConnection;
  socket: Duplex;
  destination: Destination;
  /** What the leaf is for. */
  name: string;
  context: tls.SecureContext;
  /** The client's offer without `h2`. */
  alpn: string[];
  upstream: tls.TLSSocket | UpstreamFailure;
  started: number;
}

async function startUpstream(
  connection: ClientConnection,
  socket: net.Socket,
  name: string,
  alpn: string[],
): Promise<tls.TLSSocket | UpstreamFailure> {
  const { relay, id } = connection;
  const { trust, insecure, handshakeTimeoutMs: timeoutMs } = relay;
  const result = await originate(socket, { name, alpn, trust, insecure, timeoutMs });
  const facts: UpstreamTls | null = result.session;
  if (facts !== null) relay.recorder.fact(Kind.upstreamTls, id, 0, facts);
  return result.ok ? result.stream : result.failure;
}

/** Completes the client's handshake with the protocol that the upstream chose, and relays. */
async function answer(request: Answer): Promise<void> {
  const { connection, socket, destination, name, context, alpn, upstream, started } = request;
  const { relay, id } = connection;
  const isUp = "pipe" in upstream;
  const chosen = isUp ? upstream.alpnProtocol || null : (alpn.find((protocol) => protocol === "http/1.1") ?? null);
  const result = await terminate(socket, { context, alpn: chosen, timeoutMs: relay.handshakeTimeoutMs });
  if (!result.ok) {
    if (isUp) upstream.destroy();
    return fail(connection, socket, destination, result.failure.code, result.failure.detail);
  }
  const client = result.stream;
  relay.recorder.fact(Kind.clientTls, id, 0, clientFacts(client, chosen, name, performance.now() - started));
  if (isUp && chosen !== null && chosen !== "http/1.1" && chosen !== "http/1.0") {
    return openTunnel(connection, client, upstream, { destination, reason: "alpn" });
  }
  if (!client.isSessionReused()) noticeSilentRefusal(connection, client, destination);
  new Http1Relay({
    ...http1Options(connection),
    client,
    upstream,
    destination,
    defaultPort: 443,
  });
}

/**
 * Some clients finish the handshake and only then look at the certificate (GnuTLS, BoringSSL, TLS 1.2 in Node): they go
 * away at once without a byte (wire.md 3.5). A spare connection of a browser's is kept for longer.
 */
function noticeSilentRefusal(connection: ClientConnection, client: tls.TLSSocket, destination: Destination): void {
  const forget = (): void => {
    clearTimeout(timer);
    client.off("data", forget).off("end", onGone).off("error", onGone);
  };
  const onGone = (): void => {
    forget();
    // It only followed: the upstream's close had closed its side.
    if (client.writableEnded) return;
    const flow = new Exchange(connection.relay, connection.id);
    flow.openAttempt({ destination });
    flow.fail("client-untrusting", "the client went away right after the handshake, without a request");
  };
  const timer = setTimeout(forget, SILENT_REFUSAL_MS).unref();
  client.once("data", forget).once("end", onGone).once("error", onGone);
}

function clientFacts(client: tls.TLSSocket, alpn: string | null, leafName: string, handshakeMs: number): ClientTls {
  return {
    version: client.getProtocol() ?? "",
    cipher: client.getCipher().name,
    alpn,
    leafName,
    handshakeMs,
    resumed: client.isSessionReused(),
  };
}

/** Until HTTP/2 can be read, a client that offers nothing else is relayed unread rather than refused. */
function passThrough(
  connection: ClientConnection,
  socket: Duplex,
  upstream: net.Socket,
  destination: Destination,
): Promise<void> {
  return openTunnel(connection, socket, upstream, { destination, reason: "http2-only" });
}

function openTunnel(
  connection: ClientConnection,
  client: Duplex,
  upstream: Duplex,
  about: { destination: Destination; reason: "alpn" | "http2-only" },
): Promise<void> {
  const flow = new Exchange(connection.relay, connection.id);
  flow.openTunnel({ ...about, from: null });
  return relayTunnel(client, upstream, flow);
}

function destinationOf(hello: ClientHello): Destination | null {
  if (hello.sni === null || !isServerName(hello.sni)) return null;
  return { hostname: hello.sni.toLowerCase(), port: 443 };
}

/** What the upstream's handshake comes to, or null as soon as the client is gone. */
async function unlessGone<T>(socket: Duplex, asking: T | Promise<T>): Promise<T | null> {
  const answered = new AbortController();
  const waiting = peek(socket, (bytes) => bytes.length > MOST_WAITING || null, { signal: answered.signal });
  const first = await Promise.race([asking, waiting.then((peeked) => (peeked.outcome === "ended" ? null : asking))]);
  answered.abort(ANSWERED);
  // The ClientHello must be back in the stream before it is read again.
  await waiting;
  return first;
}

/** The client went away while the upstream was asked. */
function vanished(connection: ClientConnection, socket: Duplex, dialled: Dial, destination: Destination): void {
  const flow = new Exchange(connection.relay, connection.id);
  flow.openAttempt({ destination });
  flow.fail("client-closed", "during the TLS handshake");
  socket.destroy();
  if (dialled.ok) dialled.socket.destroy();
}

async function failedHello(
  connection: ClientConnection,
  socket: Duplex,
  tunnel: Tunnel | null,
  bytes: Buffer,
  outcome: string,
): Promise<void> {
  const destination = tunnel?.destination ?? null;
  const detail = outcome === "decided" ? "the ClientHello is malformed" : `the ClientHello is incomplete (${outcome})`;
  const flow = fail(connection, socket, destination, "client-tls", detail, bytes);
  const dialled = await tunnel?.dialling;
  if (dialled?.ok === true) dialled.socket.destroy();
  return flow;
}

function fail(
  connection: ClientConnection,
  socket: Duplex,
  destination: Destination | null,
  code: FailureCode,
  detail: string | null,
  bytes?: Buffer,
): void {
  const flow = new Exchange(connection.relay, connection.id);
  flow.openAttempt({ destination });
  if (bytes !== undefined) flow.requestBody(bytes, 0, bytes.length);
  flow.fail(code, detail);
  socket.destroy();
}

/** A client has nothing to send after its ClientHello until it is answered; what it sends all the same is bounded. */
const MOST_WAITING = 128 * 1024;

const SILENT_REFUSAL_MS = 2000;

/** Named, as the default reason is an exception that takes its stack: tens of microseconds a connection. */
const ANSWERED = "answered";
