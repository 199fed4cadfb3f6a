/**
 * JSON, indented. A debugger must not lie, so nothing is parsed into values: order, duplicate keys, number text and escapes
 * stay as they were sent, and what is not JSON is shown as it is, where it is.
 */

import { printable } from "../../flow/printable.ts";
import { type Line, type Span, span } from "../document.ts";

export function jsonLines(text: string): Line[] {
  const lines: Line[] = [];
  let line: Span[] = [];
  let depth = 0;
  const breakLine = (): void => {
    lines.push(line);
    line = [span("  ".repeat(Math.min(depth, MAX_INDENT)))];
  };
  for (const { kind, text: token, previous, next } of tokens(text)) {
    // Values with nothing between them: one a line (NDJSON), or no JSON at all.
    if (isValue(kind) && (previous === "close" || (previous !== null && previous !== "open" && isValue(previous)))) {
      if (depth === 0) breakLine();
      else line.push(span(" "));
    }
    if (kind === "open") {
      line.push(span(token));
      depth += 1;
      if (next !== "close") breakLine();
    } else if (kind === "close") {
      depth = Math.max(0, depth - 1);
      // An empty pair stays together: "{}".
      if (!endsWithOpening(line)) breakLine();
      line.push(span(token));
    } else if (kind === "comma") {
      line.push(span(token));
      breakLine();
    } else if (kind === "colon") line.push(span(": "));
    else {
      const role = kind === "string" ? (next === "colon" ? "name" : "string") : "number";
      line.push(span(printable(token, "detail"), role));
    }
  }
  lines.push(line);
  return lines;
}

interface JsonToken {
  kind: "open" | "close" | "comma" | "colon" | "string" | "other";
  text: string;
  /** Kinds of the tokens before and after it. */
  previous: JsonToken["kind"] | null;
  next: JsonToken["kind"] | null;
}

function tokens(text: string): JsonToken[] {
  const found: JsonToken[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match;
    const kind = PUNCTUATION[token] ?? (token.startsWith('"') ? "string" : "other");
    const previous = found.at(-1);
    if (previous) previous.next = kind;
    found.push({ kind, text: token, previous: previous?.kind ?? null, next: null });
  }
  return found;
}

function isValue(kind: JsonToken["kind"]): boolean {
  return kind === "open" || kind === "string" || kind === "other";
}

function endsWithOpening(line: readonly Span[]): boolean {
  const last = line.at(-1)?.text;
  return last === "{" || last === "[";
}

/** Deeper nesting is not indented any further: depth is the sender's choice. */
const MAX_INDENT = 24;
/** A mark of structure; a string, which may lack its end; or any other run. Linear in the text's length. */
const TOKEN = /[{}[\],:]|"[^"\\]*(?:\\[^][^"\\]*)*(?:"|\\?$)|[^\s{}[\],:"]+/g;
const PUNCTUATION: { readonly [token: string]: "open" | "close" | "comma" | "colon" } = {
  "{": "open",
  "[": "open",
  "}": "close",
  "]": "close",
  ",": "comma",
  ":": "colon",
};
