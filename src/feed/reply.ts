/** Answers of the HTTP API, and refusals of upgrades. Nothing of them is cached, sniffed or framed by a browser. */

import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Refusal } from "./access.ts";

export const SAFE_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** `text` is JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  text: string,
  headers: { [name: string]: string } = {},
): void {
  response.writeHead(status, { ...SAFE_HEADERS, ...jsonHeaders(text), ...headers });
  response.end(text);
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  sendJson(response, refusal.status, errorText(refusal), refusal.headers);
}

/** Answers an upgrade over the bare socket, and ends it. */
export function refuseSocket(socket: Duplex, refusal: Refusal): void {
  const text = errorText(refusal);
  const headers = { ...SAFE_HEADERS, ...jsonHeaders(text), ...refusal.headers, connection: "close" };
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${refusal.status} ${refusal.code}\r\n${fields.join("")}\r\n${text}`);
}

function jsonHeaders(text: string): { [name: string]: string } {
  return { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
}

function errorText({ code, message, hint }: Refusal): string {
  return `${JSON.stringify({ error: { code, message, ...(hint === undefined ? {} : { hint }) } })}\n`;
}
