/** What clients ask for, checked: JSON-RPC envelopes and the parameters of methods. */

import { z } from "zod";
import type { FlowEventName } from "../flow/events.ts";
import { didYouMean } from "./did-you-mean.ts";
import { type FeedLimits, RpcCode, RpcError } from "./protocol.ts";

export interface RpcRequest {
  /** Undefined for a notification, which is never answered. */
  id?: string | number | null | undefined;
  method: string;
  params?: unknown;
}

export type Since = "start" | "now" | { epoch: string; seq: number };
export type Bodies = "none" | "meta" | "inline";

/** A subscription as asked for: defaults filled in, names expanded. */
export interface Wanted {
  events: ReadonlySet<FlowEventName>;
  since: Since;
  bodies: Bodies;
  maxInline: number;
  overflow: "gap" | "close";
}

/** Throws RpcError. `id` of the error's answer is null: nothing in the text can be trusted to be one. */
export function parseRequest(text: string): RpcRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RpcError(RpcCode.parse, "the message is not JSON");
  }
  if (Array.isArray(value))
    throw new RpcError(RpcCode.request, "batches are not supported: send one object per message");
  const request = ENVELOPE.safeParse(value);
  if (!request.success) throw new RpcError(RpcCode.request, `not a JSON-RPC 2.0 request: ${inWords(request.error)}`);
  return request.data;
}

/** Throws RpcError: -32602, or -32002 for a filter. */
export function parseSubscribe(params: unknown, limits: FeedLimits): Wanted {
  const { filter, events, maxInline, ...rest } = parseParams(SUBSCRIBE, params);
  if (filter !== undefined) {
    throw new RpcError(RpcCode.badFilter, "filters are not there yet: leave `filter` out, and filter what arrives");
  }
  if (maxInline !== undefined && maxInline > limits.inlineBody) {
    throw new RpcError(RpcCode.params, `maxInline is at most ${limits.inlineBody}`, { path: "maxInline" });
  }
  return { ...rest, events: expandNames(events), maxInline: maxInline ?? Math.min(DEFAULT_INLINE, limits.inlineBody) };
}

/** The same from a URL's query, where `events` is a comma-separated list and all values are text. */
export function parseSubscribeQuery(query: URLSearchParams, defaults: { events: string }, limits: FeedLimits): Wanted {
  const params: { [name: string]: unknown } = { events: (query.get("events") ?? defaults.events).split(",") };
  for (const name of ["bodies", "overflow", "filter"]) {
    const value = query.get(name);
    if (value !== null) params[name] = value;
  }
  const since = query.get("since");
  if (since !== null) params["since"] = parsePosition(since) ?? since;
  const maxInline = query.get("maxInline");
  if (maxInline !== null) params["maxInline"] = /^\d{1,9}$/.test(maxInline) ? Number(maxInline) : maxInline;
  return parseSubscribe(params, limits);
}

/** Reads "EPOCH-SEQ", the id of an event in a stream. */
export function parsePosition(text: string): { epoch: string; seq: number } | null {
  const match = /^(.{1,128})-(\d{1,15})$/.exec(text);
  return match ? { epoch: match[1] ?? "", seq: Number(match[2]) } : null;
}

export function parseUnsubscribe(params: unknown): string {
  return parseParams(UNSUBSCRIBE, params).subscription;
}

export function parseFlow(params: unknown): string {
  return parseParams(FLOW, params).flow;
}

function parseParams<T>(schema: z.ZodType<T>, params: unknown): T {
  const result = schema.safeParse(params ?? {});
  if (result.success) return result.data;
  throw new RpcError(RpcCode.params, inWords(result.error), { path: result.error.issues[0]?.path.join(".") ?? "" });
}

function inWords(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "not valid";
  return issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message;
}

/** "flow.*" stands for all names that begin with "flow.", "*" for all. A name that would match nothing is an error. */
function expandNames(patterns: string[]): ReadonlySet<FlowEventName> {
  const names = new Set<FlowEventName>();
  for (const [index, pattern] of patterns.entries()) {
    const matches = EVENT_NAMES.filter((name) =>
      pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
    if (matches.length === 0) throw unknownEvent(pattern, index);
    for (const name of matches) names.add(name);
  }
  return names;
}

function unknownEvent(pattern: string, index: number): RpcError {
  const families = EVENT_NAMES.map((name) => `${name.split(".")[0]}.*`);
  const suggestion = didYouMean(pattern, [...EVENT_NAMES, ...families]);
  const hint = suggestion ? `did you mean ${suggestion}?` : `there are ${EVENT_NAMES.join(", ")}`;
  const data = { path: `events.${index}`, ...(suggestion ? { didYouMean: suggestion } : {}) };
  return new RpcError(RpcCode.params, `there is no event ${JSON.stringify(pattern)}: ${hint}`, data);
}

/** An object, so that a name added to the union and not here is a type error. */
const EVENTS: Record<FlowEventName, true> = {
  "flow.request": true,
  "flow.response": true,
  "flow.done": true,
  "flow.failed": true,
  "tls.failed": true,
};
const EVENT_NAMES = Object.keys(EVENTS) as FlowEventName[];

const DEFAULT_INLINE = 16 * 1024;

const ENVELOPE = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string().max(256), z.number(), z.null()]).optional(),
  method: z.string().max(256),
  params: z.unknown().optional(),
});

const SUBSCRIBE = z.object({
  events: z.array(z.string().max(64)).min(1).max(64),
  filter: z.unknown().optional(),
  since: z
    .union([z.enum(["start", "now"]), z.object({ epoch: z.string().max(128), seq: z.int().nonnegative() })])
    .default("now"),
  bodies: z.enum(["none", "meta", "inline"]).default("inline"),
  maxInline: z.int().nonnegative().optional(),
  overflow: z.enum(["gap", "close"]).default("gap"),
});

const UNSUBSCRIBE = z.object({ subscription: z.string().max(64) });
const FLOW = z.object({ flow: z.string().max(128) });
