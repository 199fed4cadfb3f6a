/** A client that goes through a plainwire with bytes of the test's choosing. */

import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { onTestFinished } from "vitest";
import { Peer } from "./peer.ts";
import type { Plainwire } from "./plainwire.ts";

type Proxy = Pick<Plainwire, "host" | "port">;

/** A TCP connection to the proxy; closed when the test ends. */
export async function connectRaw({ host, port }: Proxy): Promise<Peer> {
  const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return new Peer(socket);
}

/** The inside of a CONNECT tunnel, nothing sent in it yet. Fails unless the proxy's answer is the plain 200. */
export async function openTunnel(proxy: Proxy, authority: string): Promise<net.Socket> {
  const socket = net.connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true, noDelay: true });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let answer = Buffer.alloc(0);
  while (!answer.includes("\r\n\r\n")) {
    await once(socket, "readable");
    for (let chunk: Buffer | null; (chunk = socket.read() as Buffer | null) !== null;) {
      answer = Buffer.concat([answer, chunk]);
    }
  }
  const head = ESTABLISHED.length;
  if (answer.toString("latin1", 0, head) !== ESTABLISHED) throw new Error(`not a tunnel: ${answer.toString("latin1")}`);
  socket.pause();
  if (answer.length > head) socket.unshift(answer.subarray(head));
  return socket;
}

/** Bytes through a tunnel in the clear. */
export async function tunnelPlain(proxy: Proxy, authority: string): Promise<Peer> {
  return new Peer(await openTunnel(proxy, authority));
}

/** Bytes through a tunnel under TLS. `options` goes to `tls.connect`; its `ca` decides whom the client trusts. */
export async function tunnelTls(proxy: Proxy, authority: string, options: tls.ConnectionOptions): Promise<Peer> {
  return new Peer(await openTls(proxy, authority, options));
}

/** The TLS socket itself, for clients that bring their own protocol. */
export async function openTls(proxy: Proxy, authority: string, options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
  const socket = await openTunnel(proxy, authority);
  const host = authority.slice(0, authority.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  // checkServerIdentity looks at `host`, also where no SNI is sent.
  const secure = tls.connect({ socket, host, ALPNProtocols: ["http/1.1"], ...name, ...options });
  onTestFinished(() => void secure.destroy());
  await once(secure, "secureConnect");
  return secure;
}

const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";
