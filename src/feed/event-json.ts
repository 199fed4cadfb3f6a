/** The JSON of an event in the variants that subscribers ask for. */

import { isUtf8 } from "node:buffer";
import type { BodyInfo, FlowSummary } from "../flow/events.ts";
import type { BodyPart, FlowSource, LogEntry } from "../flow/source.ts";
import { decodeContent } from "../wire/content-coding.ts";
import type { Bodies } from "./params.ts";

/** The text of an entry's event: an object, with `event` as its first field. */
export type EventJson = (entry: LogEntry, bodies: Bodies, maxInline: number) => string;

/**
 * "meta" is the entry's own text, made once for everybody. The texts of the other variants are remembered for as long
 * as subscribers are likely to ask for them in the same round, in CACHE_CHARS: each is made once for all that keep up.
 */
export function createEventJson(source: FlowSource): EventJson {
  const cache = new Map<string, string>();
  let chars = 0;
  return (entry, bodies, maxInline) => {
    const summary = bodies === "meta" ? null : summaryOf(entry);
    if (!summary || !(summary.req.body ?? summary.res?.body)) return entry.json;
    const key = `${entry.seq} ${bodies} ${maxInline}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const text = JSON.stringify(withBodies(source, summary, bodies, maxInline));
    cache.set(key, text);
    chars += text.length;
    for (const [oldest, { length }] of cache) {
      if (chars <= CACHE_CHARS) break;
      cache.delete(oldest);
      chars -= length;
    }
    return text;
  };
}

/** The content of a body for an event: text if it fits, else where to fetch it. */
export function inlineBody(source: FlowSource, flow: string, part: BodyPart, info: BodyInfo, limit: number): BodyInfo {
  const fetched = { ...info, ref: `${flow}/${part}`, truncated: true };
  const stored = source.body(flow, part);
  if (!stored || stored.content.length > limit || (stored.content.length === 0 && stored.size > 0)) return fetched;
  const decoded = decodeContent(stored.content, stored.coding, limit + 1);
  if (decoded.bytes.length > limit) return fetched;
  const utf8 = isUtf8(decoded.bytes);
  return {
    ...info,
    encoding: utf8 ? "utf8" : "base64",
    text: decoded.bytes.toString(utf8 ? "utf8" : "base64"),
    ...(decoded.truncated || !stored.complete ? { truncated: true } : {}),
    ...(decoded.error === null ? {} : { undecodable: decoded.error }),
  };
}

/** Only events that end a flow have bodies. */
function summaryOf(entry: LogEntry): (FlowSummary & { event: string }) | null {
  if (entry.name !== "flow.done" && entry.name !== "flow.failed") return null;
  const { event } = entry;
  return event.event === "flow.done" || event.event === "flow.failed" ? event : null;
}

function withBodies<T extends FlowSummary>(source: FlowSource, summary: T, bodies: Bodies, maxInline: number): T {
  const body = (part: BodyPart, info: BodyInfo | null) =>
    info && bodies === "inline" ? inlineBody(source, summary.flow, part, info, maxInline) : null;
  const { req, res } = summary;
  return {
    ...summary,
    req: { ...req, body: body("req", req.body) },
    res: res && { ...res, body: body("res", res.body) },
  };
}

const CACHE_CHARS = 1024 * 1024;
