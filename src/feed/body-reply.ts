/**
 * The answer to `GET /v1/flows/ID/(req|res)/body`.
 *
 * The content is somebody else's and comes from our origin: it never gets its own media type, or it could run there.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { BodyPart, FlowSource, StoredBody } from "../flow/source.ts";
import { decodeContent } from "../wire/content-coding.ts";
import type { Refusal } from "./access.ts";
import { parseRange, rangeEnd } from "./range.ts";
import { refuse, SAFE_HEADERS } from "./reply.ts";

/** The content to answer with. */
interface Representation {
  bytes: Uint8Array;
  /** False if `bytes` end before the content does because nobody asked for more: its length is unknown. */
  whole: boolean;
  undecodable: string | null;
}

/** Bytes of decoded bodies that slow readers have not taken yet, of all clients. */
export interface DecodedBudget {
  inUse: number;
}

export interface BodyRequest {
  flow: string;
  part: BodyPart;
  /** True if the content codings are to be undone. */
  decoded: boolean;
  /** Bytes of a decoded body. */
  limit: number;
}

export function replyBody(
  source: FlowSource,
  budget: DecodedBudget,
  wanted: BodyRequest,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const stored = findBody(source, wanted);
  if ("code" in stored) return refuse(response, stored);
  const headers = { ...bodyHeaders(stored), etag: entityTag(source, wanted, stored) };
  if (request.headers["if-none-match"]?.includes(headers.etag)) return void response.writeHead(304, headers).end();
  const range = usableRange(request, headers.etag);
  const content = represent(stored, wanted, range);
  if (wanted.decoded && !reserve(budget, content.bytes.length, response)) return refuse(response, BUSY);
  send(response, headers, content, range);
}

/** Chooses between "no such flow", "no body", and "not kept", as each asks for something else from the user. */
function findBody(source: FlowSource, { flow, part }: BodyRequest): StoredBody | Refusal {
  const summary = source.flow(flow);
  if (!summary)
    return { status: 404, code: "flow_not_found", message: "there is no such flow, or it is no longer kept" };
  const stored = source.body(flow, part);
  const size = stored?.size ?? summary[part]?.body?.size ?? 0;
  if (stored && (stored.content.length > 0 || size === 0)) return stored;
  if (size === 0)
    return { status: 404, code: "no_body", message: `the flow has no ${part === "req" ? "request" : "response"} body` };
  const reason = stored ? "limit" : "evicted";
  return {
    status: 410,
    code: "body_not_stored",
    message: `the body is not kept (${reason}): it had ${size} bytes`,
    hint: HINTS[reason],
  };
}

function bodyHeaders(stored: StoredBody): { [name: string]: string } {
  const mime = stored.mime ?? "";
  return {
    ...SAFE_HEADERS,
    "content-type": "application/octet-stream",
    "content-disposition": "attachment",
    "accept-ranges": "bytes",
    "plainwire-complete": String(stored.complete),
    // Chosen by a peer: passed on only where it is a media type.
    ...(MEDIA_TYPE.test(mime) ? { "plainwire-mime": mime } : {}),
  };
}

/** Of one run, one body, and as much as it had grown to. */
function entityTag(source: FlowSource, { decoded }: BodyRequest, { started, size, content }: StoredBody): string {
  const epoch = source.epoch.replace(/[^\w.-]/g, "_");
  return `"${epoch}-${started}-${size}-${content.length}${decoded ? "-decoded" : ""}"`;
}

/** Only GET has ranges; If-Range makes one valid for one tag (RFC 9110, 14.2 and 13.1.5). */
function usableRange(request: IncomingMessage, etag: string): string | undefined {
  const condition = request.headers["if-range"];
  const usable = request.method === "GET" && (condition === undefined || condition === etag);
  return usable ? request.headers.range : undefined;
}

/** A client that asks for the beginning does not make us decode the rest. */
function represent(stored: StoredBody, { decoded, limit }: BodyRequest, range: string | undefined): Representation {
  if (!decoded || stored.coding.length === 0) return { bytes: stored.content, whole: true, undecodable: null };
  const { bytes, truncated, error } = decodeContent(
    stored.content,
    stored.coding,
    Math.min(limit, (rangeEnd(range) ?? limit) + 1),
  );
  return { bytes, whole: !truncated, undecodable: error };
}

/** False if too many decoded bytes wait for slow readers already. */
function reserve(budget: DecodedBudget, bytes: number, response: ServerResponse): boolean {
  if (budget.inUse > 0 && budget.inUse + bytes > DECODED_IN_FLIGHT) return false;
  budget.inUse += bytes;
  response.once("close", () => {
    budget.inUse -= bytes;
  });
  return true;
}

function send(
  response: ServerResponse,
  headers: { [name: string]: string },
  content: Representation,
  field: string | undefined,
): void {
  const { bytes, whole, undecodable } = content;
  const total = whole ? String(bytes.length) : "*";
  if (undecodable !== null) headers["plainwire-undecodable"] = undecodable.replace(/[^\x20-\x7e]/g, "?");
  if (!whole) headers["plainwire-complete"] = "false";
  const range = parseRange(field, bytes.length);
  if (range === "unsatisfiable") {
    const message = "the range is not within the body";
    return refuse(response, {
      status: 416,
      code: "bad_range",
      message,
      headers: { "content-range": `bytes */${bytes.length}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: bytes.length - 1 };
  if (range) headers["content-range"] = `bytes ${start}-${end}/${total}`;
  headers["content-length"] = String(end - start + 1);
  response.writeHead(range ? 206 : 200, headers);
  response.end(bytes.subarray(start, end + 1));
}

const BUSY: Refusal = {
  status: 503,
  code: "busy",
  message: "too many decoded bodies are being read",
  headers: { "retry-after": "1" },
};
const HINTS = { limit: "it did not fit the capture's limits", evicted: "newer bodies took its place" };
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/;
const DECODED_IN_FLIGHT = 64 * 1024 * 1024;
