/**
 * Who may talk to the feed: checked for every HTTP request and every upgrade, before anything is answered.
 *
 * A token alone is not enough: a page in the user's browser can make requests to loopback. `Host` stops DNS rebinding
 * (the page's own name resolved to 127.0.0.1), `Origin` and `Sec-Fetch-Site` stop cross-site requests and WebSockets.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { FEED_PATH, SUBPROTOCOL, TOKEN_SUBPROTOCOL } from "./protocol.ts";

export interface Access {
  /** Values of `Host` that mean us, lower case: "127.0.0.1:8081". */
  hosts: ReadonlySet<string>;
  /** SHA-256 of the token. */
  tokenDigest: Buffer;
}

/** A request that is not served, and why: `code` for programs, `message` and `hint` for people. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  hint?: string;
  headers?: { [name: string]: string };
}

export function createAccess(hostname: string, port: number, token: string): Access {
  const names = ["127.0.0.1", "localhost", "[::1]", hostname.includes(":") ? `[${hostname}]` : hostname];
  return { hosts: new Set(names.map((name) => `${name.toLowerCase()}:${port}`)), tokenDigest: digest(token) };
}

/** Null if the request may be served. */
export function refuseRequest(request: IncomingMessage, access: Access): Refusal | null {
  return refuseHost(request, access) ?? refuseOrigin(request) ?? refuseToken(request, access);
}

/** Null if the WebSocket may be opened. */
export function refuseUpgrade(request: IncomingMessage, access: Access): Refusal | null {
  return (
    refusePath(request) ??
    refuseHost(request, access) ??
    refuseOrigin(request) ??
    refuseSubprotocol(request) ??
    refuseToken(request, access)
  );
}

/** Path and query of a request; the path is "" unless the target has origin-form (RFC 9112, 3.2.1). */
export function target(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const url = request.url ?? "";
  if (!url.startsWith("/")) return { path: "", query: new URLSearchParams() };
  const mark = url.indexOf("?");
  if (mark < 0) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function refusePath(request: IncomingMessage): Refusal | null {
  if (target(request).path === FEED_PATH) return null;
  return { status: 404, code: "not_found", message: "there is no WebSocket here", hint: `the feed is at ${FEED_PATH}` };
}

function refuseHost(request: IncomingMessage, access: Access): Refusal | null {
  const hosts = request.headersDistinct["host"] ?? [];
  if (hosts.length === 1 && access.hosts.has((hosts[0] ?? "").toLowerCase())) return null;
  const message = "the Host header names another server";
  return { status: 421, code: "wrong_host", message, hint: `address the feed as ${[...access.hosts].join(" or ")}` };
}

function refuseOrigin(request: IncomingMessage): Refusal | null {
  const site = request.headers["sec-fetch-site"];
  const crossSite = site !== undefined && site !== "none" && site !== "same-origin";
  if (request.headers.origin === undefined && !crossSite) return null;
  const message = "web pages may not use the feed";
  return { status: 403, code: "wrong_origin", message, hint: "use a program that sends no Origin header" };
}

function refuseSubprotocol(request: IncomingMessage): Refusal | null {
  if (offered(request).includes(SUBPROTOCOL)) return null;
  const message = `the client does not offer the subprotocol ${SUBPROTOCOL}`;
  return { status: 400, code: "wrong_subprotocol", message, hint: `send Sec-WebSocket-Protocol: ${SUBPROTOCOL}` };
}

function refuseToken(request: IncomingMessage, access: Access): Refusal | null {
  const token = presentedToken(request);
  // Digests have one length, as timingSafeEqual demands, and tell nothing about the token's.
  if (token !== null && timingSafeEqual(digest(token), access.tokenDigest)) return null;
  return {
    status: 401,
    code: "unauthorized",
    message:
      token === null ? "the token is missing" : "the token is wrong (a token lasts until plainwire is restarted)",
    hint: "send Authorization: Bearer TOKEN; plainwire prints the token when it starts",
    headers: { "www-authenticate": "Bearer" },
  };
}

/** The first token found counts, also if it is wrong: Authorization, query, subprotocol. */
function presentedToken(request: IncomingMessage): string | null {
  const header = request.headers.authorization;
  if (header !== undefined) return /^bearer +(\S+) *$/i.exec(header)?.[1] ?? "";
  const inQuery = target(request).query.get("token");
  if (inQuery !== null) return inQuery;
  const protocol = offered(request).find((name) => name.startsWith(TOKEN_SUBPROTOCOL));
  return protocol ? Buffer.from(protocol.slice(TOKEN_SUBPROTOCOL.length), "base64url").toString() : null;
}

function offered(request: IncomingMessage): string[] {
  return (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
