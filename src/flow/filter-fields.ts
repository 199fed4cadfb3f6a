/** What can be asked about a flow, what not yet, and how a value is read. */

import type { Condition, Filter, TextField } from "./filter.ts";
import { fail } from "./filter-error.ts";
import { nearest } from "./filter-nearest.ts";
import type { FieldToken, Token } from "./filter-tokens.ts";

/** The fields so far, for the parser and for people. */
export const FIELDS = {
  url: { example: "users", what: "part of the URL, like a word alone" },
  host: { example: "example.com", what: "part of the host; host=example.com: all of it" },
  method: { example: "POST", what: "part of the method" },
  status: { example: "4xx", what: "200, 4xx, 400-499, >=400" },
} as const;

export function fieldCondition(token: FieldToken): Filter {
  const { name, at, op, value, valueAt } = token;
  if (!isField(name)) return unknown(token);
  if (op === "~") fail(at + name.length, "regular expressions (~) are not there yet", ":");
  if (name === "status") return statusCondition(op, value, valueAt);
  if (op !== ":" && op !== "=" && op !== "!=") fail(at + name.length, `${name} is text: ${op} can't compare it`, ":");
  return negated(op === "!=", textCondition(name, op === ":" ? "contains" : "is", value));
}

/** mitmproxy reads a regular expression here, so what can't be plain text is refused. */
export function aliasCondition({ name, at }: Token & { type: "alias" }, value: { text: string; at: number }): Filter {
  const field = Object.hasOwn(ALIASES, name) ? ALIASES[name as keyof typeof ALIASES] : undefined;
  if (!field) fail(at, `~${name} is not there yet`, `~${Object.keys(ALIASES).join(" ~")}`);
  if (field === "status") return statusCondition(":", value.text, value.at);
  const special = /[\\^$*[\]{}|]/.exec(value.text);
  if (special) fail(value.at + special.index, "regular expressions are not there yet, only plain text");
  return textCondition(field, "contains", value.text);
}

function isField(name: string): name is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, name);
}

function unknown({ name, op, value, at }: FieldToken): never {
  if (LATER.some((later) => name === later || (later.endsWith(".") && name.startsWith(later))))
    fail(at, `the field ${name} is not there yet: so far ${Object.keys(FIELDS).join(", ")}`);
  const near = nearest(name, Object.keys(FIELDS));
  fail(at, `unknown field ${name}`, near ?? `"${name}${op}${value.replace(/["\\]/g, "\\$&")}"`);
}

function textCondition(field: TextField, op: "contains" | "is", value: string): Condition {
  return { type: "text", field, op, value: value.toLowerCase() };
}

function negated(not: boolean, filter: Filter): Filter {
  return not ? { type: "not", filter } : filter;
}

/** `status:4xx`, `status:400-499`, `status:>=400` and `status>=400`. */
function statusCondition(op: FieldToken["op"], value: string, at: number): Filter {
  const inner = op === ":" ? (/^(?:>=|<=|!=|>|<|=)/.exec(value)?.[0] ?? "") : "";
  const text = value.slice(inner.length);
  const relation = inner || op;
  const range = statusRange(text);
  if (!range) fail(at + inner.length, "a status is 200, 4xx, 400-499 or >=400", "4xx");
  const [low, high] = range;
  if (relation === ":" || relation === "=") return { type: "status", low, high };
  if (relation === "!=") return { type: "not", filter: { type: "status", low, high } };
  if (low !== high) fail(at + inner.length, `${relation} compares with one status, not with several`, String(low));
  const compared = COMPARED[relation]?.(low) ?? range;
  if (compared[0] > compared[1]) fail(at, `no status is ${relation}${low}: they go from ${LOWEST} to ${HIGHEST}`);
  return { type: "status", low: compared[0], high: compared[1] };
}

type Range = readonly [low: number, high: number];

function statusRange(text: string): Range | null {
  const family = /^([1-9])xx$/i.exec(text)?.[1];
  if (family !== undefined) return [Number(family) * 100, Number(family) * 100 + 99];
  const [, first, last = first] = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/.exec(text) ?? [];
  if (first === undefined || Number(first) > Number(last)) return null;
  return [Number(first), Number(last)];
}

/** A status has three digits (RFC 9110, section 15). */
const LOWEST = 100;
const HIGHEST = 999;
const COMPARED: { readonly [relation: string]: (status: number) => Range } = {
  ">": (status) => [status + 1, HIGHEST],
  ">=": (status) => [status, HIGHEST],
  "<": (status) => [LOWEST, status - 1],
  "<=": (status) => [LOWEST, status],
};
const ALIASES = { u: "url", d: "host", m: "method", c: "status" } as const;
/** Fields that the language will have; a dot at the end stands for a name that follows. */
const LATER = [
  ..."path type size time since body req.body res.body ip port app proto error mark held ws note".split(" "),
  ..."req.header. res.header. tls.".split(" "),
];
