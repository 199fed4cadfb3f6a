/** The feed's server: one port on loopback for the WebSocket and the HTTP API. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, isIPv4, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { FlowSource } from "../flow/source.ts";
import { type Access, createAccess, refuseRequest, refuseUpgrade, target } from "./access.ts";
import { badRequest, createApi } from "./api.ts";
import type { FeedContext, FeedInfo } from "./context.ts";
import { createEventJson } from "./event-json.ts";
import { parseSubscribeQuery, type Wanted } from "./params.ts";
import { CloseCode, DEFAULT_LIMITS, FEED_PATH, type FeedLimits, RpcError, SUBPROTOCOL } from "./protocol.ts";
import { refuse, refuseSocket } from "./reply.ts";
import { Session } from "./session.ts";
import { startPosition } from "./subscription.ts";

export interface FeedOptions {
  /** A loopback address; port 0 takes any. */
  listen: { host: string; port: number };
  /** Who has it may read everything that passed. */
  token: string;
  source: FlowSource;
  info: FeedInfo;
  limits?: Partial<FeedLimits>;
}

export interface Feed {
  host: string;
  port: number;
  /** "ws://127.0.0.1:8081/v1/feed", without a token. */
  url: string;
  /** "http://127.0.0.1:8081" */
  apiUrl: string;
  /** Says goodbye to all clients, and resolves when the port is closed and all are gone: after a second at most. */
  close(reason: string): Promise<void>;
}

/** Rejects with the platform's error if the port can't be had, and with an error of its own if it isn't on loopback. */
export async function startFeed(options: FeedOptions): Promise<Feed> {
  const { source, info } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const context: FeedContext = { source, info, limits, eventJson: createEventJson(source), clients: new Set() };
  const server = createServer({ headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: HEAD_TIMEOUT_MS });
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = trackSockets(server);
  const { address, port } = await listen(server, options.listen);
  const stop = serve(server, context, createAccess(options.listen.host, port, options.token));
  const authority = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  let closing: Promise<void> | null = null;
  return {
    host: address,
    port,
    url: `ws://${authority}${FEED_PATH}`,
    apiUrl: `http://${authority}`,
    close(reason) {
      stop();
      closing ??= closeAll(server, sockets, context, reason);
      return closing;
    },
  };
}

async function listen(server: Server, { host, port }: FeedOptions["listen"]): Promise<AddressInfo> {
  if (host !== "localhost" && !isLoopback(host)) throw new Error(`${host} is not a loopback address: ${WHY_LOOPBACK}`);
  server.listen({ host, port });
  await once(server, "listening");
  // Failures of accept() (no descriptors left) are emitted too, and would end the process; the next accept may work.
  server.on("error", () => {});
  const bound = server.address() as AddressInfo;
  // Only for "localhost", which a hosts file can point anywhere.
  if (isLoopback(bound.address)) return bound;
  server.close();
  throw new Error(`localhost is ${bound.address} on this machine: ${WHY_LOOPBACK}`);
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Returns what stops the timers and the listening to the log. */
function serve(server: Server, context: FeedContext, access: Access): () => void {
  const { clients, source } = context;
  const api = createApi(context);
  const accept = createAcceptor(context);
  server.on("request", (request, response) => {
    const refusal = refuseRequest(request, access);
    if (refusal) refuse(response, refusal);
    else api(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    const refusal = refuseUpgrade(request, access);
    if (refusal) return refuseSocket(socket, refusal);
    try {
      accept(request, socket, head, wantedInUrl(request, context));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      refuseSocket(socket, badRequest(error));
    }
  });
  const forget = source.onAppend(() => {
    for (const client of clients) client.wake();
  });
  const pings = setInterval(() => {
    for (const client of clients) if (client instanceof Session) client.ping();
  }, PING_MS);
  pings.unref();
  return () => {
    forget();
    clearInterval(pings);
  };
}

/** `GET /v1/feed?events=flow.done` subscribes without a request, for programs that only listen. Throws RpcError. */
function wantedInUrl(request: IncomingMessage, { source, limits }: FeedContext): Wanted | null {
  const { query } = target(request);
  if (!query.has("events")) return null;
  const wanted = parseSubscribeQuery(query, { events: "" }, limits);
  startPosition(source, wanted.since);
  return wanted;
}

type Accept = (request: IncomingMessage, socket: Duplex, head: Buffer, wanted: Wanted | null) => void;

function createAcceptor(context: FeedContext): Accept {
  const { clients, limits } = context;
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxFrame,
    // Only this one is ever chosen, never the subprotocol that carries the token.
    handleProtocols: () => SUBPROTOCOL,
  });
  sockets.on("wsClientError", (error, socket) => {
    refuseSocket(socket, { status: 400, code: "bad_handshake", message: error.message });
  });
  return (request, socket, head, wanted) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      if (clients.size >= limits.clients) {
        ws.on("error", () => {});
        return ws.close(CloseCode.tooManyClients, `the feed has at most ${limits.clients} clients`);
      }
      const session = new Session(context, ws, socket, wanted);
      clients.add(session);
      ws.once("close", () => clients.delete(session));
    });
  };
}

/** All connections, as an HTTP server forgets those that were upgraded. */
function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

async function closeAll(server: Server, sockets: Set<Socket>, { clients }: FeedContext, reason: string): Promise<void> {
  const closed = once(server, "close");
  server.close();
  for (const client of clients) client.close(reason);
  server.closeIdleConnections();
  const stragglers = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, GOODBYE_MS);
  await closed;
  clearTimeout(stragglers);
}

const WHY_LOOPBACK = "the feed shows decrypted traffic, so it listens on loopback only (127.0.0.1, ::1 or localhost)";
const HEAD_TIMEOUT_MS = 10_000;
/** Clients of the feed and short requests of the API together; what comes on top is closed at once. */
const MAX_CONNECTIONS = 128;
const PING_MS = 20_000;
const GOODBYE_MS = 1_000;
