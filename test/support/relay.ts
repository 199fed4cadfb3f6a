/** A relay in this process, on a free port of loopback, and upstreams for it. */

import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { onTestFinished } from "vitest";
import { createLeafContexts } from "../../src/ca/contexts.ts";
import { createMinter } from "../../src/ca/leaf.ts";
import type { RelayContext } from "../../src/proxy/context.ts";
import { listen } from "../../src/proxy/listener.ts";
import { UpstreamTrust } from "../../src/tls/upstream-trust.ts";
import { createTestCa, type TestCertificate } from "./pki.ts";
import { ScriptedPeer } from "./scripted-peer.ts";
import { Tape } from "./tape.ts";
import { until } from "./until.ts";

/** What clients trust. */
export const CA = createTestCa("Relay CA");
/** What the relay trusts. */
export const UPSTREAM_CA = createTestCa("Upstream CA");

export interface RelayOptions {
  /** Default: any. */
  port?: number;
  connections?: number;
  headTimeoutMs?: number;
  handshakeTimeoutMs?: number;
  insecure?: boolean;
}

export interface TestRelay {
  port: number;
  tape: Tape;
  /** Connections through the relay to these ports are loops. */
  ownPorts: Set<number>;
  warnings: string[];
  close(): Promise<void>;
  /** A client's connection to it. */
  connect(): Promise<ScriptedPeer>;
  /** A client's connection to it after CONNECT was answered. */
  tunnel(authority: string): Promise<ScriptedPeer>;
  /** TLS inside a tunnel. */
  secure(authority: string, options?: tls.ConnectionOptions): Promise<ScriptedPeer>;
}

/** Closed when the test ends. */
export async function startRelay(options: RelayOptions = {}): Promise<TestRelay> {
  const tape = new Tape();
  const ownPorts = new Set<number>();
  const warnings: string[] = [];
  const listener = await listen(createContext(tape, ownPorts, options), {
    host: "127.0.0.1",
    port: options.port ?? 0,
    connections: options.connections ?? 100,
    warn: (message) => void warnings.push(message),
  });
  onTestFinished(() => listener.close());
  const { port, close } = listener;
  const connect = async (): Promise<ScriptedPeer> => new ScriptedPeer("the client", await connectTo(port));
  const tunnel = async (authority: string): Promise<ScriptedPeer> => {
    const client = await connect();
    client.sends(connectRequest(authority));
    await client.receives(ESTABLISHED);
    return client;
  };
  const secure = async (authority: string, more: tls.ConnectionOptions = {}): Promise<ScriptedPeer> => {
    const stream = await secureTunnel(port, authority, more);
    return new ScriptedPeer("the client", stream);
  };
  return { port, tape, ownPorts, warnings, close, connect, tunnel, secure };
}

export const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";

export function connectRequest(authority: string): string {
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
}

export interface TestUpstream {
  port: number;
  /** "127.0.0.1:4711" */
  authority: string;
  /** The next connection that it gets (under TLS: whose handshake is done). */
  accepts(): Promise<ScriptedPeer>;
  /** Connections so far. */
  accepted(): number;
  sockets: net.Socket[];
}

/** A server on loopback, with TLS if it has a certificate. Closed, with its connections, when the test ends. */
export async function startUpstream(
  certificate?: TestCertificate,
  options: tls.TlsOptions = {},
): Promise<TestUpstream> {
  const waiting: ScriptedPeer[] = [];
  const sockets: net.Socket[] = [];
  const take = (socket: net.Socket): void => void waiting.push(new ScriptedPeer("the upstream", socket));
  const server =
    certificate === undefined
      ? net.createServer({ allowHalfOpen: true, noDelay: true }, take)
      : tls.createServer(
          { allowHalfOpen: true, cert: certificate.chainPem, key: certificate.keyPem, ...options },
          take,
        );
  server.on("connection", (socket: net.Socket) => sockets.push(socket.on("error", () => {})));
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    authority: `127.0.0.1:${port}`,
    accepted: () => sockets.length,
    sockets,
    async accepts() {
      await until(
        () => waiting.length > 0,
        () => "a connection to the upstream",
      );
      return waiting.shift() as ScriptedPeer;
    },
  };
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function connectTo(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** A TLS client's finished handshake inside a tunnel; rejects as the client does. */
export async function secureTunnel(
  port: number,
  authority: string,
  options: tls.ConnectionOptions,
): Promise<tls.TLSSocket> {
  const socket = await connectTo(port);
  socket.write(connectRequest(authority));
  let answer = "";
  while (answer.length < ESTABLISHED.length) answer += String((await once(socket, "data"))[0]);
  const stream = tls.connect({ socket, ca: CA.certPem, servername: "localhost", ...options });
  stream.on("error", () => {});
  await once(stream, "secureConnect");
  return stream;
}

function createContext(tape: Tape, ownPorts: ReadonlySet<number>, options: RelayOptions): RelayContext {
  let connections = 0;
  let exchanges = 0;
  return {
    recorder: tape.recorder,
    leaves: createLeafContexts(createMinter({ certificate: CA.certPem, key: CA.keyPem })),
    trust: new UpstreamTrust([UPSTREAM_CA.certPem]),
    insecure: options.insecure ?? false,
    dialOptions: { timeoutMs: 5000, ownPorts },
    bodyBytes: 1024 * 1024,
    headBytes: 16 * 1024,
    headTimeoutMs: options.headTimeoutMs ?? 60_000,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 60_000,
    nextConnection: () => ++connections,
    nextExchange: () => ++exchanges,
  };
}
