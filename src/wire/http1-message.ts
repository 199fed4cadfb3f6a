/**
 * HTTP/1.1 messages for people: lenient readers of bytes that the relay recorded. They never throw, and make the best of
 * heads that are faulty or cut. Text is Latin-1, one character a byte, unfiltered.
 */

import { HEX_VALUE, LF } from "./http1-octets.ts";

/** Name and value as sent; white space around the value is removed, around the name it is left for people to see. */
export type Field = [name: string, value: string];

/** The fields end at the first empty line, if there is one. */
export function parseHead(bytes: Uint8Array): { startLine: string; fields: Field[] } {
  const text = latin1(bytes);
  const end = endOfLine(text, 0);
  return { startLine: text.slice(0, end), fields: fieldsOf(text, nextLine(text, end)) };
}

/** Field lines without a start line: a trailer section. A line without a colon is a field of that name without value. */
export function parseFields(bytes: Uint8Array): Field[] {
  return fieldsOf(latin1(bytes), 0);
}

/** `version` is what follows "HTTP/": "1.1"; what is missing is "". */
export function parseRequestLine(line: string): { method: string; target: string; version: string } {
  const first = line.indexOf(" ");
  if (first < 0) return { method: line, target: "", version: "" };
  const last = line.lastIndexOf(" HTTP/");
  const method = line.slice(0, first);
  if (last < first) return { method, target: line.slice(first + 1), version: "" };
  return {
    method,
    target: line.slice(first + 1, Math.max(last, first + 1)),
    version: line.slice(last + " HTTP/".length),
  };
}

/** `status` is 0 if there is none. */
export function parseStatusLine(line: string): { version: string; status: number; reason: string } {
  const [, version = "", status = "0", reason = ""] = /^(?:HTTP\/(\S*))? *(\d{3})?(?!\d) ?(.*)$/s.exec(line) ?? [];
  return { version, status: Number(status), reason };
}

/**
 * Undoes the chunked coding of what was kept of a body, which may be cut anywhere. Not complete: the last chunk and the
 * end of the trailer section are not there, or the framing is faulty; `content` is what could be read then.
 */
export function dechunk(bytes: Uint8Array): { content: Uint8Array; complete: boolean } {
  const content = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf(LF, at);
    const size = lineEnd < 0 ? -1 : chunkSize(bytes, at, lineEnd);
    if (size < 0) break;
    if (size === 0) return { content: content.slice(0, length), complete: hasEmptyLine(bytes, lineEnd + 1) };
    const data = bytes.subarray(lineEnd + 1, lineEnd + 1 + size);
    content.set(data, length);
    length += data.length;
    at = lineEnd + 1 + size + "\r\n".length;
  }
  return { content: content.slice(0, length), complete: false };
}

function fieldsOf(text: string, from: number): Field[] {
  const fields: Field[] = [];
  for (let at = from; at < text.length;) {
    const end = endOfLine(text, at);
    if (end === at) break;
    const colon = text.indexOf(":", at);
    if (colon < 0 || colon >= end) fields.push([text.slice(at, end), ""]);
    else fields.push([text.slice(at, colon), withoutSpaceAround(text.slice(colon + 1, end))]);
    at = nextLine(text, end);
  }
  return fields;
}

/** Index of the line's end: of its CR LF, or LF, or the text's end. */
function endOfLine(text: string, at: number): number {
  const lf = text.indexOf("\n", at);
  if (lf < 0) return text.length;
  return lf > at && text[lf - 1] === "\r" ? lf - 1 : lf;
}

function nextLine(text: string, end: number): number {
  return text[end] === "\r" ? end + 2 : end + 1;
}

/** Only SP and HTAB are white space in HTTP, where `trim` would take U+00A0 too. */
function withoutSpaceAround(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && (value[start] === " " || value[start] === "\t")) start++;
  while (end > start && (value[end - 1] === " " || value[end - 1] === "\t")) end--;
  return value.slice(start, end);
}

function chunkSize(bytes: Uint8Array, start: number, end: number): number {
  let size = -1;
  for (let at = start; at < end; at++) {
    const digit = HEX_VALUE[bytes[at] as number] as number;
    if (digit === 16) break;
    size = Math.max(size, 0) * 16 + digit;
  }
  return size;
}

/** Whether an empty line ends the trailer section that begins at `from`. */
function hasEmptyLine(bytes: Uint8Array, from: number): boolean {
  for (let at = from; ;) {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return false;
    if (end - at <= 1) return true;
    at = end + 1;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
