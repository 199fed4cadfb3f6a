/** From a body's bytes to something to look at: text, JSON, or hex. */

import { printable } from "../../flow/printable.ts";
import { type Document, type Line, ofLines, span, wrapAll } from "../document.ts";
import { hexDocument } from "./hex.ts";
import { jsonLines } from "./json.ts";

export type BodyMode = "text" | "json" | "hex";

/** What is known of a body's content beside its bytes. */
export interface ContentFacts {
  /** Media type without parameters, lower case, or null. */
  mime: string | null;
  /** As the Content-Type header names it, or null. */
  charset: string | null;
  /** Content codings that were undone, first applied first. */
  coding: readonly string[];
  /** True if the bytes end before the content does. */
  truncated: boolean;
}

/** What the type promises, unless the bytes say otherwise. */
export function suggestedMode(bytes: Uint8Array, facts: ContentFacts): BodyMode {
  if ((looksBinary(bytes) && !/^utf-?16/i.test(facts.charset ?? "")) || BINARY_TYPE.test(facts.mime ?? ""))
    return "hex";
  const start = Buffer.from(bytes.subarray(0, SNIFFED_BYTES)).toString("latin1");
  const json = JSON_TYPE.test(facts.mime ?? "") ? JSON_START.test(start) : JSON_PAIR.test(start);
  return json ? "json" : "text";
}

export function nextMode(mode: BodyMode): BodyMode {
  return mode === "text" ? "json" : mode === "json" ? "hex" : "text";
}

/** How the bytes became what is shown: "br → utf-8 → json". */
export function decoderChain(bytes: Uint8Array, facts: ContentFacts, mode: BodyMode): string {
  const undone = facts.coding.toReversed().map((coding) => printable(coding, "list"));
  const steps = mode === "hex" ? ["hex"] : [decode(bytes, facts).charset, mode];
  return [...undone, ...steps].join(" → ");
}

export function bodyDocument(bytes: Uint8Array, facts: ContentFacts, mode: BodyMode, width: number): Document {
  if (mode === "hex") return hexDocument(bytes, width);
  const { text } = decode(bytes, facts);
  return ofLines(wrapAll(mode === "json" ? jsonLines(text) : textLines(text), width));
}

function textLines(text: string): Line[] {
  return text.split(/\r\n|\n/).map((line) => [span(printable(line, "detail"))]);
}

/** By the charset that the sender named, else as UTF-8 if it is that, else as Latin-1, which any bytes are. */
function decode(bytes: Uint8Array, { charset, truncated }: ContentFacts): { text: string; charset: string } {
  for (const label of charset === null ? ["utf-8"] : [charset, "utf-8"]) {
    try {
      const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
      // A window may end inside a character; "stream" forgives that and nothing else.
      return { text: decoder.decode(bytes, { stream: truncated }), charset: decoder.encoding };
    } catch {
      continue;
    }
  }
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"), charset: "latin-1" };
}

function looksBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SNIFFED_BYTES);
  let controls = 0;
  for (const byte of sample) {
    if (byte === 0) return true;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x1b) controls += 1;
  }
  return controls > sample.length / 10;
}

const SNIFFED_BYTES = 2048;
const BINARY_TYPE = /^(image\/(?!svg)|audio\/|video\/|font\/)|^application\/(zip|gzip|pdf|wasm)$/;
const JSON_TYPE = /[/+]json$|^application\/(x-)?ndjson$/;
/** Any value may follow, or brackets that can hardly be anything else. */
const JSON_START = /^\s*[[{"\-\dtfn]/;
const JSON_PAIR = /^\s*[[{]\s*(["[{\]}\d]|$)/;
