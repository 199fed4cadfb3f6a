/** A filter's text as tokens, each with the place where it begins. */

import { fail } from "./filter-error.ts";

export type Token =
  | { readonly type: "and" | "or" | "not" | "(" | ")"; readonly at: number }
  | { readonly type: "word"; readonly at: number; readonly text: string }
  /** mitmproxy's "~u". */
  | { readonly type: "alias"; readonly at: number; readonly name: string }
  | FieldToken;

/** `host:example`: `at` is the name's place, `valueAt` the value's. */
export interface FieldToken {
  readonly type: "field";
  readonly at: number;
  readonly name: string;
  readonly op: FieldOp;
  readonly value: string;
  readonly valueAt: number;
}

export type FieldOp = ":" | "=" | "!=" | ">" | ">=" | "<" | "<=" | "~";

/** Throws FilterSyntaxError for a quote that does not end and a field without a value. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = skipBlanks(text, 0); at < text.length;) {
    const [token, end] = read(text, at);
    tokens.push(token);
    at = skipBlanks(text, end);
  }
  return tokens;
}

type Read<T> = [result: T, end: number];

function read(text: string, at: number): Read<Token> {
  const char = text.charAt(at);
  if (char === "(" || char === ")") return [{ type: char, at }, at + 1];
  if (char === "|") return [{ type: "or", at }, at + 1];
  if (char === "!" || char === "-") return [{ type: "not", at }, at + 1];
  if (char === '"') return wordToken(at, readQuoted(text, at));
  if (char === "~") return readAlias(text, at);
  return readField(text, at) ?? readWord(text, at);
}

function readAlias(text: string, at: number): Read<Token> {
  const [name, end] = readBare(text, at + 1);
  return [{ type: "alias", at, name }, end];
}

/** Null if this is no field: "https://example.com" is a word, for all its colon. */
function readField(text: string, at: number): Read<Token> | null {
  FIELD.lastIndex = at;
  const [whole, name, op] = FIELD.exec(text) ?? [];
  if (whole === undefined || name === undefined || op === undefined) return null;
  const valueAt = at + whole.length;
  if (op === ":" && text.startsWith("//", valueAt)) return null;
  const [value, end] = text.charAt(valueAt) === '"' ? readQuoted(text, valueAt) : readBare(text, valueAt);
  if (end === valueAt) fail(valueAt, `a value is missing after ${name}${op}`);
  return [{ type: "field", at, name: name.toLowerCase(), op: op as FieldOp, value, valueAt }, end];
}

function readWord(text: string, at: number): Read<Token> {
  const [word, end] = readBare(text, at);
  const keyword = KEYWORDS[word.toLowerCase()];
  return keyword ? [{ type: keyword, at }, end] : wordToken(at, [word, end]);
}

function wordToken(at: number, [text, end]: Read<string>): Read<Token> {
  return [{ type: "word", at, text }, end];
}

function readBare(text: string, at: number): Read<string> {
  BARE.lastIndex = at;
  const [word = ""] = BARE.exec(text) ?? [];
  return [word, at + word.length];
}

/** `\"` and `\\` stand for themselves without the backslash; any other backslash is one. */
function readQuoted(text: string, at: number): Read<string> {
  QUOTED.lastIndex = at;
  const [quoted] = QUOTED.exec(text) ?? [];
  if (quoted === undefined) fail(at, "this quote does not end");
  return [quoted.slice(1, -1).replace(/\\(["\\])/g, "$1"), at + quoted.length];
}

function skipBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at;
  return at + (BLANKS.exec(text)?.[0].length ?? 0);
}

const FIELD = /([a-z][\w.-]*)(:|!=|=|>=|<=|>|<|~)/iy;
const BARE = /[^\s()|"]*/y;
const QUOTED = /"(?:[^"\\]|\\[^])*"/y;
const BLANKS = /\s*/y;
const KEYWORDS: { readonly [word: string]: "and" | "or" | "not" } = Object.assign(
  Object.create(null) as { [word: string]: "and" | "or" | "not" },
  { and: "and", "&": "and", or: "or", not: "not" },
);
