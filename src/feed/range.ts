/** A part of a body: first and last byte, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a Range field (RFC 9110, 14.2) for content of `length` bytes.
 *
 * Returns null where the whole content is the right answer: no field, another unit, several ranges (a server may ignore
 * them), or no content at all. Returns "unsatisfiable" for 416.
 */
export function parseRange(field: string | undefined, length: number): ByteRange | "unsatisfiable" | null {
  if (field === undefined || length === 0 || !/^bytes=/i.test(field) || field.includes(",")) return null;
  const match = RANGE.exec(field);
  const [, first = "", last = ""] = match ?? [];
  if (first === "") return last === "" ? "unsatisfiable" : suffix(Number(last), length);
  const start = Number(first);
  const end = last === "" ? length - 1 : Math.min(Number(last), length - 1);
  return start > end ? "unsatisfiable" : { start, end };
}

/** The last byte that a Range field can ask for, or null if only the content's length tells. */
export function rangeEnd(field: string | undefined): number | null {
  const [, first = "", last = ""] = RANGE.exec(field ?? "") ?? [];
  return first === "" || last === "" ? null : Number(last);
}

function suffix(count: number, length: number): ByteRange | "unsatisfiable" {
  return count === 0 ? "unsatisfiable" : { start: Math.max(0, length - count), end: length - 1 };
}

const RANGE = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i;
