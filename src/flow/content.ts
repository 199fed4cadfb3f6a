/** One of the two messages of a flow as something to look at: its fields, and its body's content. */

import { dechunk, parseFields, parseHead } from "../wire/http1-message.ts";
import type { Body, BodyRing } from "./bodies.ts";
import type { BodyInfo, HeaderList } from "./events.ts";
import type { Flow } from "./flow.ts";
import type { Span } from "./slabs.ts";
import type { BodyPart, StoredBody } from "./source.ts";

/** A flow's request or response. */
export interface Message {
  startLine: string;
  headers: HeaderList;
  trailers: HeaderList;
  body: Body | null;
  /** All of the message passed. */
  ended: boolean;
}

export function requestOf(flow: Flow): Message {
  const done = flow.endedAt !== null && flow.failure === null;
  return {
    ...parsed(flow.requestHead, flow.requestTrailers),
    body: flow.requestBody,
    ended: done || flow.requestEnded !== null,
  };
}

/** Null if no response began. */
export function responseOf(flow: Flow): Message | null {
  if (flow.responseHead === null && flow.interim === null && flow.responseBody === null) return null;
  return {
    ...parsed(flow.responseHead, flow.responseTrailers),
    body: flow.responseBody,
    ended: flow.endedAt !== null && (flow.failure === null || flow.failure.answered),
  };
}

/** Content bytes that passed; while the flow is open, those that were kept are counted. */
export function sizeOf({ body, headers }: Message, ring: BodyRing): number {
  if (body === null) return 0;
  if (body.content !== null) return body.content;
  return isChunked(headers) ? dechunk(ring.read(body)).content.length : body.wire;
}

/** Null if nothing of a body passed. */
export function bodyInfo(message: Message, ring: BodyRing): BodyInfo | null {
  const { body, headers } = message;
  if (body === null) return null;
  return { size: sizeOf(message, ring), kept: ring.kept(body), mime: mimeOf(headers), coding: codingOf(headers) };
}

/** Undefined if nothing of a body passed. */
export function storedBody(flow: Flow, part: BodyPart, ring: BodyRing): StoredBody | undefined {
  const message = part === "req" ? requestOf(flow) : responseOf(flow);
  if (message === null || message.body === null) return undefined;
  const { body, headers, ended } = message;
  const bytes = ring.read(body);
  return {
    mime: mimeOf(headers),
    coding: codingOf(headers),
    size: sizeOf(message, ring),
    content: isChunked(headers) ? dechunk(bytes).content : bytes,
    complete: ended && bytes.length === body.wire,
    started: flow.started,
  };
}

function parsed(head: Span | null, trailers: Uint8Array | null) {
  const { startLine, fields } = head === null ? NO_HEAD : parseHead(head.view());
  return { startLine, headers: fields, trailers: trailers === null ? [] : parseFields(trailers) };
}

/** The relay forwards no other transfer coding. */
function isChunked(headers: HeaderList): boolean {
  return valuesOf(headers, "transfer-encoding").some((value) => value.toLowerCase() === "chunked");
}

function mimeOf(headers: HeaderList): string | null {
  const [type] = valuesOf(headers, "content-type");
  const [essence = ""] = type?.split(";", 1) ?? [];
  return essence.trim().toLowerCase() || null;
}

function codingOf(headers: HeaderList): string[] {
  const list = valuesOf(headers, "content-encoding").join(",").toLowerCase().split(",");
  return list.map((coding) => coding.trim()).filter((coding) => coding !== "");
}

function valuesOf(headers: HeaderList, name: string): string[] {
  return headers.filter((header) => header[0].toLowerCase() === name).map((header) => header[1]);
}

const NO_HEAD = { startLine: "", fields: [] as HeaderList };
