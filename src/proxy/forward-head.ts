/**
 * What a proxy must change in a plain-HTTP request's head (RFC 9112 3.2, RFC 9110 7.6): absolute-form to origin-form,
 * the Host field, and the fields that are meant for the proxy alone. Everything else keeps its bytes and its place.
 */

import type { HeadChange } from "../capture/facts.ts";
import type { AbsoluteForm } from "../wire/target.ts";

/** The request line's target, Latin-1. */
export function requestTarget(head: Buffer): string {
  const start = head.indexOf(SPACE) + 1;
  return head.toString("latin1", start, head.indexOf(SPACE, start));
}

export interface ForwardedHead {
  head: Buffer;
  changes: HeadChange[];
  /** Whether it still asks for an upgrade. */
  upgrade: boolean;
}

/** @param head a whole, well-formed request head */
export function forwardHead(head: Buffer, target: AbsoluteForm): ForwardedHead {
  const [requestLine = "", ...lines] = head.toString("latin1", 0, head.length - END_OF_HEAD).split("\r\n");
  const [method = "", before = "", version = ""] = requestLine.split(" ");
  const after = method === "OPTIONS" && isBare(before) ? "*" : target.originForm;
  const changes: HeadChange[] = [{ what: "target", before, after, why: "RFC 9112 3.2.1" }];

  const fields = lines.map(parseLine);
  const rules = hopByHop(fields);
  const kept: string[] = [`${method} ${after} ${version}`];
  if (!fields.some(({ name }) => name === "host")) {
    changes.push({ what: "Host", before: null, after: target.authority, why: "RFC 9112 3.2.2" });
    kept.push(`Host: ${target.authority}`);
  }
  for (const field of fields) {
    const value = forwardedValue(field, target, rules);
    if (value !== field.value) {
      const why = field.name === "host" ? "RFC 9112 3.2.2" : "RFC 9110 7.6.1";
      changes.push({ what: field.line.slice(0, field.name.length), before: field.value, after: value, why });
    }
    if (value === field.value) kept.push(field.line);
    else if (value !== null) kept.push(`${field.line.slice(0, field.name.length)}: ${value}`);
  }
  return { head: Buffer.from(`${kept.join("\r\n")}\r\n\r\n`, "latin1"), changes, upgrade: rules.upgrade };
}

interface Field {
  /** Lower case. */
  name: string;
  value: string;
  line: string;
}

function parseLine(line: string): Field {
  const colon = line.indexOf(":");
  return { name: line.slice(0, colon).toLowerCase(), value: withoutSpaceAround(line.slice(colon + 1)), line };
}

/** RFC 9112 3.2.4: OPTIONS for a whole server, which has no absolute form of its own. */
function isBare(target: string): boolean {
  return /^[a-z]+:\/\/[^/?]*$/i.test(target);
}

interface HopByHop {
  /** Lower-case names of the fields that stop here. */
  dropped: Set<string>;
  /** Lower-case names that Connection goes on to list. */
  listed: Set<string>;
  upgrade: boolean;
}

function hopByHop(fields: Field[]): HopByHop {
  const valuesOf = (wanted: string): string[] =>
    fields.filter(({ name }) => name === wanted).flatMap(({ value }) => listOf(value));
  const options = valuesOf("connection");
  // "close" also holds for the connection to the upstream: its close then closes the client.
  const listed = new Set(["close"]);
  const dropped = new Set(["keep-alive", "proxy-connection", "proxy-authorization", "http2-settings"]);
  for (const option of options) if (!END_TO_END.has(option)) dropped.add(option);

  // A WebSocket upgrade is passed on for the upstream to decide; h2c is not (request smuggling through an upgrade).
  const protocols = valuesOf("upgrade");
  const upgrade = options.includes("upgrade") && protocols.length > 0 && protocols.every((one) => one === "websocket");
  const passed = [
    ...(upgrade ? ["upgrade"] : []),
    ...(valuesOf("te").every((one) => one === "trailers") ? ["te"] : []),
  ];
  dropped.add("upgrade").add("te");
  for (const name of passed) {
    listed.add(name);
    dropped.delete(name);
  }
  return { dropped, listed, upgrade };
}

/** The field's value as it goes upstream, or null if the field does not. */
function forwardedValue({ name, value }: Field, target: AbsoluteForm, { dropped, listed }: HopByHop): string | null {
  if (name === "host") return target.authority;
  if (name !== "connection") return dropped.has(name) ? null : value;
  const options = listOf(value);
  const left = options.filter((option) => listed.has(option));
  if (left.length === options.length) return value;
  return left.length === 0 ? null : left.join(", ");
}

function listOf(value: string): string[] {
  return value.split(",").map((one) => withoutSpaceAround(one).toLowerCase());
}

/** Only SP and HTAB are white space in HTTP, where `trim` would take U+00A0 too. */
function withoutSpaceAround(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

const SPACE = 0x20;
const END_OF_HEAD = "\r\n\r\n".length;
/** Naming one of these in Connection must not strip it: it would change what the request means. */
const END_TO_END = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "content-encoding",
  "content-range",
  "authorization",
  "cookie",
  "expect",
  "trailer",
  "connection",
]);
