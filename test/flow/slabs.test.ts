import { describe, expect, it } from "vitest";
import { BodyRing } from "../../src/flow/bodies.ts";
import { Collector } from "../../src/flow/collector.ts";
import { EventLog } from "../../src/flow/event-log.ts";
import type { FlowEvent } from "../../src/flow/events.ts";
import { Slabs, type Span } from "../../src/flow/slabs.ts";
import { FlowTable } from "../../src/flow/table.ts";
import { done, get, ok, type TapeRecord } from "./tape.ts";

describe("slabs", () => {
  it("keep what was copied, small and large, over many slabs", () => {
    const slabs = new Slabs();
    const sizes = [0, 1, 400, 32 * 1024, 32 * 1024 + 1, 300_000, 5];
    const spans = Array.from({ length: 200 }, (_, index) => {
      const bytes = new Uint8Array(sizes[index % sizes.length] as number).fill(index);
      const span = slabs.copy(bytes);
      bytes.fill(255);
      return span;
    });
    const moved = spans.filter((_, index) => index % 3 === 0);
    for (const span of moved) span.leaveSlab();
    for (const span of moved) expect(span.view().buffer.byteLength).toBe(span.length);
    expect(slabs.generation).toBeGreaterThan(2);
    spans.forEach((span, index) => {
      expect(span.length).toBe(sizes[index % sizes.length]);
      expect(span.view().every((byte) => byte === index)).toBe(true);
      expect(span.view()).toHaveLength(span.length);
    });
  });

  it("are left by a flow that stays open while much passes, or each would keep a whole slab in memory", () => {
    const table = new FlowTable({ flows: 10, headBytes: 1_000_000 }, () => {});
    const log = new EventLog({ ringBytes: 0, ringEvents: 1 }, () => ({}) as FlowEvent);
    const collector = new Collector(table, log, new BodyRing(0, 0));
    const see = (record: TapeRecord): void => collector.see(record);
    const pass = (numbers: number[]): void => {
      const large = `X: ${"x".repeat(30_000)}\r\n`;
      for (const number of numbers) [get(1, number), ok(1, number, large), done(1, number)].forEach(see);
    };
    const held = (bytes: Span | null | undefined): number => bytes?.view().buffer.byteLength ?? 0;

    see(get(1, 1, "/events"));
    const flow = table.get(1);
    expect(held(flow?.requestHead)).toBeGreaterThan(100_000);
    pass(Array.from({ length: 300 }, (_, index) => 2 + index));
    expect(held(flow?.requestHead)).toBeLessThan(100);
    see(ok(1, 1, "X: late\r\n"));
    pass(Array.from({ length: 300 }, (_, index) => 302 + index));
    expect(held(flow?.responseHead)).toBeLessThan(100);
    expect(Buffer.from(flow?.responseHead?.view() ?? []).toString()).toBe("HTTP/1.1 200 OK\r\nX: late\r\n\r\n");
  });
});
