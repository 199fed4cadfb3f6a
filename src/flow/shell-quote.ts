/** The one way from a peer's bytes into a command line. */

import { printable } from "./printable.ts";

/**
 * One word of a POSIX shell (2018, section 2.2) that stands for exactly these bytes, given as Latin-1, one character a byte;
 * NUL is none of them. No control, no character that hides or turns the writing direction, comes out: a terminal would act
 * on it when the word is pasted. They become octal escapes of printf; only line breaks at the very end, which a command
 * substitution drops, stay as they are, quoted.
 */
export function quoted(latin1: string): string {
  let end = latin1.length;
  while (end > 0 && latin1[end - 1] === "\n") end -= 1;
  const breaks = latin1.slice(end);
  const runs = split(latin1.slice(0, end)).map(({ raw, plain }) =>
    plain ? single(raw) : `"$(printf '${octal(raw)}')"`,
  );
  if (breaks !== "") runs.push(single(breaks));
  return runs.join("") || "''";
}

interface Run {
  /** UTF-16 for a plain run, Latin-1 bytes for another. */
  raw: string;
  plain: boolean;
}

/** Runs of what can be shown as it is, and of what can't. */
function split(latin1: string): Run[] {
  const runs: Run[] = [];
  for (const piece of scalars(latin1)) {
    const last = runs.at(-1);
    // A line break at the end of an escaped run would be dropped, so a run goes on to the next byte.
    const joins = last && (last.plain === piece.plain || (!last.plain && last.raw.endsWith("\n")));
    if (joins) last.raw += last.plain === piece.plain ? piece.raw : bytesOf(piece.raw);
    else runs.push({ ...piece });
  }
  return runs;
}

/** Character by character where the bytes are UTF-8, else byte by byte. */
function scalars(latin1: string): Run[] {
  if (/^[\0-\x7f]*$/.test(latin1)) return Array.from(latin1, asciiRun);
  const bytes = Buffer.from(latin1, "latin1");
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) return Array.from(latin1, asciiRun);
  return Array.from(text, (scalar) => {
    const plain = printable(scalar, "detail") === scalar;
    return { raw: plain ? scalar : bytesOf(scalar), plain };
  });
}

function asciiRun(char: string): Run {
  return { raw: char, plain: char >= " " && char <= "~" };
}

function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Every byte, so that nothing in it means anything to printf. */
function octal(latin1: string): string {
  return Array.from(latin1, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
}
