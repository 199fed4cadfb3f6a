import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createBatch,
  decodeCount,
  decodeTotals,
  encodeTotals,
  HEADER_BYTES,
  Kind,
  readRecords,
  recordBytes,
  viewBatch,
  writeRecord,
} from "../../src/capture/record.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const anyRecord = fc.record({
  kind: fc.constantFrom(...Object.values(Kind)),
  connection: u32,
  exchange: u32,
  time: fc.double({ min: 0, max: 1e13, noNaN: true }),
  payload: fc.uint8Array({ maxLength: 100 }),
});

function write(
  records: { kind: Kind; connection: number; exchange: number; time: number; payload: Uint8Array }[],
  spare = 0,
) {
  const batch = createBatch(records.reduce((sum, { payload }) => sum + recordBytes(payload.length), spare));
  const length = records.reduce(
    (at, { kind, connection, exchange, time, payload }) =>
      writeRecord(batch, at, kind, connection, exchange, time, payload, 0, payload.length),
    0,
  );
  return { buffer: batch.buffer, length };
}

function read(buffer: ArrayBuffer, length: number) {
  const records: unknown[] = [];
  readRecords(viewBatch(buffer), length, (record) =>
    records.push({ ...record, payload: Uint8Array.from(record.payload) }),
  );
  return records;
}

describe("a batch of records", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
        const { buffer, length } = write(records);
        expect(read(buffer, length)).toEqual(records);
      }),
    );
  });

  it("ends at its length, whatever is behind it", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 5 }), anyRecord, (records, stale) => {
        const { buffer } = write([...records, stale]);
        const { length } = write(records);
        expect(read(buffer, length)).toEqual(records);
      }),
    );
  });

  it("takes a part of a source", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), fc.nat(60), (source, one, other) => {
        const start = Math.min(one, other, source.length);
        const end = Math.min(Math.max(one, other), source.length);
        const batch = createBatch(recordBytes(end - start));
        const length = writeRecord(batch, 0, Kind.responseBody, 1, 2, 3, source, start, end);
        expect(read(batch.buffer, length)).toMatchObject([{ payload: source.slice(start, end) }]);
      }),
    );
  });

  it("keeps every record where its doubles are aligned", () => {
    fc.assert(
      fc.property(fc.nat(10_000), (payload) => {
        const bytes = recordBytes(payload);
        expect(bytes % 8).toBe(0);
        expect(bytes - payload - HEADER_BYTES).toBeGreaterThanOrEqual(0);
        expect(bytes - payload - HEADER_BYTES).toBeLessThan(8);
      }),
    );
  });
});

describe("the payloads that are numbers", () => {
  const amount = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true });

  it("give the totals back, wherever they lie in memory", () => {
    const anyTotals = fc.record({
      requestContent: amount,
      responseContent: amount,
      requestWire: amount,
      responseWire: amount,
      requestEnded: amount,
    });
    fc.assert(
      fc.property(anyTotals, fc.nat(16), (totals, offset) => {
        const encoded = encodeTotals(totals, new Float64Array(5));
        const elsewhere = new Uint8Array(offset + encoded.length);
        elsewhere.set(encoded, offset);
        expect(decodeTotals(elsewhere.subarray(offset))).toEqual(totals);
      }),
    );
  });

  it("give a count back", () => {
    fc.assert(
      fc.property(amount, (count) => {
        expect(decodeCount(new Uint8Array(new Float64Array([count]).buffer))).toBe(count);
      }),
    );
  });
});
