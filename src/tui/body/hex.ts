/** Bytes as people read them: offset, 16 in hex (8 where it is narrow), and their ASCII. */

import { type Document, type Line, span } from "../document.ts";

/** Lines are made when they are looked at. */
export function hexDocument(bytes: Uint8Array, width: number): Document {
  const perLine = width >= 10 + 16 * 4 ? 16 : 8;
  return {
    length: Math.ceil(bytes.length / perLine),
    line: (index) => hexLine(bytes.subarray(index * perLine, (index + 1) * perLine), index * perLine, perLine),
  };
}

function hexLine(bytes: Uint8Array, offset: number, perLine: number): Line {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const ascii = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
  return [
    span(`${offset.toString(16).padStart(6, "0")}  `, "dim"),
    span(pairs.padEnd(perLine * 3 + 1)),
    span(ascii, "string"),
  ];
}
