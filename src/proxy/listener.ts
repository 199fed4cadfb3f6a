/** The accept loop. */

import net from "node:net";
import { sentence } from "../errors.ts";
import { serveConnection } from "./connection.ts";
import type { RelayContext } from "./context.ts";

export interface ListenOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** Connections at a time; further ones are answered 503. */
  connections: number;
  /** What the accept loop has to say: at its limit, out of descriptors. */
  warn(message: string): void;
}

export interface Listener {
  host: string;
  port: number;
  /** Stops accepting and closes every connection. */
  close(): Promise<void>;
}

/** Rejects with the platform's error (`code` "EADDRINUSE", "EACCES") if it can't listen. */
export function listen(relay: RelayContext, options: ListenOptions): Promise<Listener> {
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    if (open.size >= options.connections) return turnAway(socket, options);
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    serveConnection(relay, socket).catch((error: Error) => {
      // A bug of ours may end its own connection and nothing else.
      options.warn(`a connection failed in plainwire itself, please report it: ${error.stack ?? error.message}`);
      socket.destroy();
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, () => {
      server.off("error", reject);
      // After this, errors are accept's own (no descriptors left): the loop goes on, and somebody should know.
      server.on("error", (error) => options.warn(`accepting a connection failed: ${error.message}`));
      const { address, port } = server.address() as net.AddressInfo;
      resolve({ host: address, port, close: () => close(server, open) });
    });
  });
}

function turnAway(socket: net.Socket, options: ListenOptions): void {
  options.warn(`a connection was turned away: ${sentence("too-many-connections", null)} (${options.connections})`);
  socket.on("error", ignore);
  socket.end("HTTP/1.1 503 Service Unavailable\r\nplainwire-error: too-many-connections\r\nContent-Length: 0\r\n\r\n");
  socket.destroySoon();
}

function close(server: net.Server, open: Set<net.Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
  });
}

function ignore(): void {}

const BACKLOG = 4096;
