import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Kind } from "../../src/capture/record.ts";
import { FAILURES, type FailureCode } from "../../src/errors.ts";
import type {
  FlowDone,
  FlowEvent,
  FlowFailed,
  FlowRequest,
  FlowResponse,
  FlowSummary,
  TlsFailed,
} from "../../src/flow/events.ts";
import { createFlowLog } from "../../src/flow/log.ts";
import { reduce } from "../../src/flow/reduce.ts";
import { connect, count, dialled, done, EXAMPLE, failed, get, ok, play, record, type TapeRecord } from "./tape.ts";

const codes = Object.keys(FAILURES) as FailureCode[];

/** Any record, in any order: what a relay with bugs could send. */
const anyRecord: fc.Arbitrary<TapeRecord> = fc
  .record({
    what: fc.nat(15),
    connection: fc.integer({ min: 1, max: 3 }),
    exchange: fc.integer({ min: 1, max: 4 }),
    after: fc.nat(1_000),
  })
  .map(({ what, connection, exchange, after }) => {
    const tunnel = { destination: EXAMPLE, reason: "alpn", from: null };
    return [
      get(connection, exchange, "/x", after),
      get(connection, exchange, "http://example.com:443/", after),
      record(Kind.tunnelOpened, connection, exchange, after, tunnel),
      record(Kind.attemptOpened, connection, exchange, after, { destination: null }),
      record(Kind.requestBody, connection, exchange, after, "body"),
      record(Kind.responseInterim, connection, exchange, after, "HTTP/1.1 100 Continue\r\n\r\n"),
      ok(connection, exchange, "Transfer-Encoding: chunked\r\n", after),
      record(Kind.responseBody, connection, exchange, after, "3\r\nabc\r\n0\r\n\r\n"),
      record(Kind.responseUnkept, connection, exchange, after, count(9)),
      record(Kind.requestTrailers, connection, exchange, after, "A: b\r\n"),
      record(Kind.dialled, connection, exchange, after, dialled(EXAMPLE)),
      done(connection, exchange, { responseContent: 3, responseWire: 13 }, after),
      failed(connection, exchange, { code: codes[after % codes.length]! }, after),
      record(Kind.responseOurs, connection, exchange, after),
      record(Kind.connectionOpened, connection, 0, after, { client: { address: "::1", port: 1 } }),
      record(Kind.connectionClosed, connection, 0, after),
    ][what] as TapeRecord;
  });

const anySequence = fc.array(anyRecord, { maxLength: 80, size: "max" });

function runWith(records: TapeRecord[]) {
  const log = createFlowLog({ caPath: "/ca.pem", budgets: { totalBodyBytes: 65_536, ringEvents: 2_000 } });
  play(log, ...connect(1, EXAMPLE), ...records);
  log.failOpen("shutdown");
  const events: FlowEvent[] = [];
  for (let seq = log.first; seq < log.next; seq++) events.push(log.at(seq)?.event as FlowEvent);
  return { log, events };
}

describe("every flow", () => {
  it("begins once and ends once, whatever the records say", () => {
    fc.assert(
      fc.property(anySequence, (records) => {
        const { log, events } = runWith(records);
        const names = new Map<string, string[]>();
        for (const { flow, event } of events) names.set(flow, [...(names.get(flow) ?? []), event]);
        for (const [flow, sequence] of names) {
          expect(sequence.join(" "), flow).toMatch(
            /^flow\.request( flow\.response)?( flow\.done|( tls\.failed)? flow\.failed)$/,
          );
        }
        expect(log.stats()).toMatchObject({ open: 0, flows: names.size });
      }),
      { numRuns: 300 },
    );
  });

  it("is its events, folded", () => {
    fc.assert(
      fc.property(anySequence, (records) => {
        const { log, events } = runWith(records);
        const summaries = new Map<string, FlowSummary | undefined>();
        for (const event of events) summaries.set(event.flow, reduce(summaries.get(event.flow), event));
        for (const [flow, summary] of summaries) expect(summary, flow).toEqual(log.flow(flow));
      }),
      { numRuns: 300 },
    );
  });

  it("is the same whether its records come in one batch or one by one", () => {
    fc.assert(
      fc.property(anySequence, (records) => {
        const log = createFlowLog({ caPath: "/ca.pem", budgets: { totalBodyBytes: 65_536 } });
        for (const one of [...connect(1, EXAMPLE), ...records]) play(log, one);
        const whole = createFlowLog({ caPath: "/ca.pem", budgets: { totalBodyBytes: 65_536 } });
        play(whole, ...connect(1, EXAMPLE), ...records);
        expect(log.stats()).toEqual(whole.stats());
        for (let number = 1; number <= 5; number++) expect(log.flow(`f_${number}`)).toEqual(whole.flow(`f_${number}`));
      }),
      { numRuns: 100 },
    );
  });
});

describe("the reducer", () => {
  const { events } = runWith([get(1, 1), ok(1, 1), failed(1, 1, { code: "client-untrusting" })]);
  const [request, response, tlsFailed, end] = events as [FlowRequest, FlowResponse, TlsFailed, FlowFailed];

  it("opens a flow", () => {
    expect(reduce(undefined, request)).toMatchObject({
      flow: "f_1",
      state: "open",
      method: "GET",
      status: null,
      res: null,
    });
  });

  it("adds a response", () => {
    const open = reduce(undefined, request);
    expect(reduce(open, response)).toMatchObject({
      state: "open",
      method: "GET",
      status: 200,
      reason: "OK",
      res: { ours: false },
    });
    expect(open).toMatchObject({ status: null, res: null });
  });

  it("ignores what it can't know the flow of", () => {
    expect(reduce(undefined, response)).toBeUndefined();
    expect(reduce(undefined, tlsFailed)).toBeUndefined();
  });

  it("leaves a flow as it is when a handshake failed, or when its request comes again", () => {
    const open = reduce(reduce(undefined, request), response);
    expect(reduce(open, tlsFailed)).toBe(open);
    expect(reduce(open, request)).toBe(open);
  });

  it("needs nothing but the end", () => {
    const summary = reduce(undefined, end);
    expect(summary).toMatchObject({
      state: "failed",
      url: "https://example.com/",
      error: { code: "client-untrusting" },
    });
    expect(summary).not.toHaveProperty("event");
  });

  it("changes nothing after the end", () => {
    const ended = reduce(undefined, end);
    const wellEnded: FlowDone = { ...end, event: "flow.done", state: "done", error: null };
    for (const event of [request, response, tlsFailed, end, wellEnded]) expect(reduce(ended, event)).toBe(ended);
  });
});
