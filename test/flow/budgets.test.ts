import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Kind } from "../../src/capture/record.ts";
import { createFlowLog, type FlowBudgets, type FlowLog } from "../../src/flow/log.ts";
import { connect, done, EXAMPLE, get, ok, play, record, type TapeRecord } from "./tape.ts";

const createLog = (budgets: Partial<FlowBudgets>): FlowLog =>
  createFlowLog({ caPath: "", budgets: { totalBodyBytes: 65_536, ...budgets } });

const exchange = (number: number, fields = ""): TapeRecord[] => [
  get(1, number),
  ok(1, number, fields),
  done(1, number),
];

const known = (log: FlowLog, numbers: number[]): number[] =>
  numbers.filter((number) => log.flow(`f_${number.toString(36)}`));

describe("the table of flows", () => {
  it("drops those that ended first, and never an open one", () => {
    const log = createLog({ flows: 3 });
    play(log, ...connect(1, EXAMPLE), get(1, 1), get(1, 2), get(1, 3), done(1, 3), done(1, 2), get(1, 4));
    expect(known(log, [1, 2, 3, 4])).toEqual([1, 2, 4]);
    play(log, get(1, 5), get(1, 6), get(1, 7));
    expect(known(log, [1, 2, 3, 4, 5, 6, 7])).toEqual([1, 4, 5, 6, 7]);
    play(log, done(1, 6), done(1, 1));
    expect(known(log, [1, 2, 3, 4, 5, 6, 7])).toEqual([4, 5, 7]);
  });

  it("drops flows when heads take too much, and keeps the heads of those that it holds", () => {
    const log = createLog({ headBytes: 10_000, ringBytes: 0 });
    const long = "x".repeat(1_000);
    play(log, ...connect(1, EXAMPLE));
    for (let number = 1; number <= 35; number++) {
      play(log, get(1, number, `/${long}`), ok(1, number, `X: ${long}\r\n`), done(1, number));
    }
    expect(log.stats().headBytes).toBeLessThanOrEqual(10_000);
    expect(log.stats().flows).toBe(4);
    expect(known(log, [1])).toEqual([]);
    expect(log.flow("f_z")?.res?.headers[0]?.[1]).toHaveLength(1_000);
  });

  it("counts a connection's certificates once, and lets them go with its last flow", () => {
    const log = createLog({ flows: 2 });
    const chain = record(Kind.upstreamTls, 1, 0, 0, { chain: ["x".repeat(5_000)] });
    play(log, ...connect(1, EXAMPLE), chain, ...exchange(1), ...exchange(2));
    const { headBytes } = log.stats();
    expect(headBytes).toBeGreaterThan(5_000);
    expect(headBytes).toBeLessThan(10_000);
    const { time, payload, kind } = get(2, 3);
    play(log, ...[3, 4].flatMap((n) => [{ kind, connection: 2, exchange: n, time, payload }, done(2, n)]));
    expect(log.stats().headBytes).toBeLessThan(200);
  });

  it("drops bodies before flows: the flow says how much of it is left", () => {
    const log = createLog({ totalBodyBytes: 4_096 });
    play(log, ...connect(1, EXAMPLE));
    for (let number = 1; number <= 9; number++) {
      const body = record(Kind.responseBody, 1, number, 0, "x".repeat(1_000));
      play(log, get(1, number), ok(1, number), body, done(1, number, { responseContent: 1_000, responseWire: 1_000 }));
    }
    expect(log.flow("f_9")?.res).toMatchObject({ wire: 1_000, body: { size: 1_000, kept: 1_000 } });
    expect(log.flow("f_1")?.res).toMatchObject({ wire: 1_000, body: { size: 1_000, kept: 0 } });
    expect(log.body("f_1", "res")).toMatchObject({ size: 1_000, complete: false, content: new Uint8Array(0) });
    expect(log.stats().bodyBytes).toBeLessThanOrEqual(4_096);
  });
});

describe("the log of events", () => {
  it("holds the newest, and says which is the oldest", () => {
    const log = createLog({ ringEvents: 4 });
    play(log, ...connect(1, EXAMPLE), ...exchange(1), ...exchange(2));
    expect([log.first, log.next]).toEqual([3, 7]);
    expect([1, 2, 3, 4, 5, 6, 7].map((seq) => log.at(seq)?.flow)).toEqual([
      undefined,
      undefined,
      "f_1",
      "f_2",
      "f_2",
      "f_2",
      undefined,
    ]);
  });

  it("tells of flows that the table has dropped", () => {
    const log = createLog({ flows: 1 });
    play(log, ...connect(1, EXAMPLE), ...exchange(1, "X: 1\r\n"), ...exchange(2));
    expect(log.flow("f_1")).toBeUndefined();
    expect(log.at(3)?.event).toMatchObject({ event: "flow.done", flow: "f_1", res: { headers: [["X", "1"]] } });
  });

  it("drops remembered events and texts before it drops entries; they are made again when asked for", () => {
    const log = createLog({ ringBytes: 20_000 });
    play(log, ...connect(1, EXAMPLE));
    for (let number = 1; number <= 20; number++) play(log, ...exchange(number));
    const texts: string[] = [];
    for (let seq = log.first; seq < log.next; seq++) texts.push(log.at(seq)?.json ?? "");
    expect([log.first, log.next]).toEqual([1, 61]);
    expect(log.stats().eventBytes).toBeLessThanOrEqual(20_000);
    expect(log.at(1)?.json).toBe(texts[0]);
    expect(log.at(60)?.json).toBe(texts[59]);
  });

  it("remembers nothing of entries that it has dropped", () => {
    const log = createLog({ ringEvents: 3 });
    play(log, ...connect(1, EXAMPLE), ...exchange(1));
    const empty = log.stats().eventBytes;
    for (const seq of [1, 2, 3]) expect(log.at(seq)?.json).toContain("f_1");
    expect(log.stats().eventBytes).toBeGreaterThan(empty);
    play(log, ...exchange(2));
    expect(log.stats().eventBytes).toBe(empty);
  });

  it("drops entries when huge heads are kept alive by them alone", () => {
    const log = createLog({ flows: 1, ringBytes: 100_000 });
    play(log, ...connect(1, EXAMPLE));
    for (let number = 1; number <= 20; number++) play(log, ...exchange(number, `X: ${"x".repeat(20_000)}\r\n`));
    expect(log.stats().eventBytes).toBeLessThanOrEqual(100_000);
    expect(log.next - log.first).toBeGreaterThan(3);
    expect(log.next - log.first).toBeLessThan(20);
    expect(log.at(log.next - 1)?.event).toMatchObject({ event: "flow.done", flow: "f_k" });
  });

  it("can still be read through an entry that was taken before it was dropped", () => {
    const log = createLog({ ringEvents: 2 });
    play(log, ...connect(1, EXAMPLE), get(1, 1, "/old"));
    const entry = log.at(1);
    play(log, ...exchange(2), ...exchange(3));
    expect(entry?.event).toMatchObject({ url: "https://example.com/old" });
    expect(log.stats().eventBytes).toBeLessThan(500);
  });
});

describe("whatever happens", () => {
  it("stays within its budgets, and has nothing left of what it dropped", () => {
    const budgets = {
      flows: 5,
      headBytes: 3_000,
      ringBytes: 6_000,
      ringEvents: 16,
      totalBodyBytes: 2_048,
      bodyBytes: 500,
    };
    const step = fc.record({
      connection: fc.integer({ min: 1, max: 3 }),
      head: fc.nat(400),
      body: fc.nat(700),
      look: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const log = createLog(budgets);
        for (const connection of [1, 2, 3]) play(log, ...connect(connection, EXAMPLE));
        steps.forEach(({ connection, head, body, look }, index) => {
          const number = index + 1;
          const response = [
            ok(connection, number, `X: ${"x".repeat(head)}\r\n`),
            record(Kind.responseBody, connection, number, 0, "x".repeat(body)),
          ];
          play(log, get(connection, number), ...response, done(connection, number));
          void log.at(log.first + look)?.json;
          const { flows, headBytes, eventBytes, events, bodyBytes } = log.stats();
          expect(flows).toBeLessThanOrEqual(5);
          expect(headBytes).toBeLessThanOrEqual(3_000);
          expect(eventBytes).toBeLessThanOrEqual(6_000);
          expect(events).toBeLessThanOrEqual(16);
          expect(bodyBytes).toBeLessThanOrEqual(2_048);
          expect(headBytes).toBeGreaterThanOrEqual(0);
          expect(eventBytes).toBeGreaterThanOrEqual(0);
        });
      }),
      { numRuns: 50 },
    );
  });

  it("counts nothing for an empty table and log", () => {
    const log = createLog({ flows: 0, ringBytes: 0 });
    play(log, ...connect(1, EXAMPLE), ...exchange(1), ...connect(2, EXAMPLE), get(2, 2), done(2, 2));
    expect(log.stats()).toMatchObject({ flows: 0, headBytes: 0, events: 0, eventBytes: 0 });
  });
});
