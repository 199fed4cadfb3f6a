import { expect, it } from "vitest";
import { parseRange, rangeEnd } from "../../src/feed/range.ts";

it.each<[string | undefined, number, unknown]>([
  [undefined, 10, null],
  ["bytes=0-4", 10, { start: 0, end: 4 }],
  ["BYTES=0-4", 10, { start: 0, end: 4 }],
  ["bytes=4-4", 10, { start: 4, end: 4 }],
  ["bytes=4-", 10, { start: 4, end: 9 }],
  ["bytes=4-99", 10, { start: 4, end: 9 }],
  ["bytes=-3", 10, { start: 7, end: 9 }],
  ["bytes=-99", 10, { start: 0, end: 9 }],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=5-4", 10, "unsatisfiable"],
  ["bytes=-", 10, "unsatisfiable"],
  ["bytes=", 10, "unsatisfiable"],
  ["bytes=a-b", 10, "unsatisfiable"],
  ["bytes=0x1-2", 10, "unsatisfiable"],
  ["bytes=99999999999999999999-", 10, "unsatisfiable"],
  // Allowed to be ignored (RFC 9110, 14.2): several ranges, other units.
  ["bytes=0-1,3-4", 10, null],
  ["items=0-1", 10, null],
  ["bytes=0-", 0, null],
])("Range %j of %i bytes is %j", (field, length, range) => {
  expect(parseRange(field, length)).toEqual(range);
});

it.each<[string | undefined, number | null]>([
  ["bytes=0-4", 4],
  ["bytes=4-", null],
  ["bytes=-4", null],
  ["bytes=x", null],
  [undefined, null],
])("Range %j ends at %j", (field, end) => {
  expect(rangeEnd(field)).toBe(end);
});
