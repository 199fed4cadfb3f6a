/** An upstream that answers with bytes of the test's choosing, and keeps the exact bytes it received. */

import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { onTestFinished } from "vitest";
import { Peer } from "./peer.ts";
import type { TestCertificate } from "./pki.ts";

export interface RawOrigin {
  port: number;
  /** TCP connections it was given, with or without a TLS handshake. */
  accepted(): number;
  /** Peers in the order in which they came (under TLS: in which their handshakes were done). */
  peers: Peer[];
  /** The n-th peer, from 0, whether it is there or still to come. */
  peer(index: number): Promise<Peer>;
  /** All bytes of all peers, decrypted. */
  received(): string;
}

/** `serve` is called for each connection; it may be async. Closed, with its connections, when the test ends. */
export async function startRawOrigin(
  serve: (peer: Peer) => unknown,
  options: { certificate?: TestCertificate; tls?: tls.TlsOptions } = {},
): Promise<RawOrigin> {
  const peers: Peer[] = [];
  const sockets: net.Socket[] = [];
  const waiting: (() => void)[] = [];
  const take = (socket: net.Socket): void => {
    const peer = new Peer(socket);
    peers.push(peer);
    for (const wake of waiting.splice(0)) wake();
    // A script that waits for what never comes ends with its connection.
    void (async () => serve(peer))().catch(() => {});
  };
  const server = listenFor(take, options);
  server.on("connection", (socket: net.Socket) => sockets.push(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    accepted: () => sockets.length,
    peers,
    received: () => peers.map((peer) => peer.text).join(""),
    async peer(index) {
      while (peers[index] === undefined) await new Promise<void>((resolve) => void waiting.push(resolve));
      return peers[index];
    },
  };
}

function listenFor(
  take: (socket: net.Socket) => void,
  options: { certificate?: TestCertificate; tls?: tls.TlsOptions },
): net.Server {
  const { certificate } = options;
  const shared = { allowHalfOpen: true, noDelay: true };
  if (certificate === undefined) return net.createServer(shared, take);
  const { chainPem: cert, keyPem: key } = certificate;
  return tls.createServer({ ...shared, cert, key, ALPNProtocols: ["http/1.1"], ...options.tls }, take);
}
