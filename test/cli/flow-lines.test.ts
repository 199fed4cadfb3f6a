import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FlowLines } from "../../src/cli/flow-lines.ts";
import { createLog } from "../../src/cli/log.ts";
import { FakeFlowSource, flowDone } from "../support/fake-flow-source.ts";
import { Sink } from "../support/fake-io.ts";

function follow(source: FakeFlowSource): { out: Sink; err: Sink; lines: FlowLines } {
  const out = new Sink();
  const err = new Sink();
  return { out, err, lines: new FlowLines(source, out, createLog(err)) };
}

const ids = (out: Sink): string[] => out.lines.map((line) => (JSON.parse(line) as { flow: string }).flow);
const flows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => flowDone(`f_${from + index}`));

describe("a reader of --json", () => {
  it("gets what was in the log before, and what comes", async () => {
    const source = new FakeFlowSource();
    source.append(...flows(0, 3));
    const { out, lines } = follow(source);
    source.append(...flows(3, 5));
    await lines.end();
    expect(ids(out)).toEqual(["f_0", "f_1", "f_2", "f_3", "f_4"]);
  });

  it("that reads late gets every flow, and a stalled one costs no more than a line", async () => {
    const source = new FakeFlowSource();
    const { out, err, lines } = follow(source);
    out.stall();
    source.append(...flows(0, 500));
    await turn();
    await turn();
    expect(out.writableLength).toBeLessThan(4096);
    out.release();
    await lines.end();
    expect(ids(out)).toHaveLength(500);
    expect(err.text).toBe("");
  });

  it("that reads too slowly is told once how much it missed, and goes on with what is left", async () => {
    const source = new FakeFlowSource(10);
    const { out, err, lines } = follow(source);
    out.stall();
    source.append(...flows(0, 2));
    await turn();
    await turn();
    source.append(...flows(2, 100));
    out.release();
    await lines.end();
    expect(ids(out).slice(-10)).toEqual(flows(90, 100).map(({ flow }) => flow));
    expect(err.lines).toHaveLength(1);
    const missed = Number(/(\d+) events were dropped/.exec(err.text)?.[1]);
    expect(missed + out.lines.length).toBe(100);
  });

  it("leaves others a turn while thousands of flows are written", async () => {
    const source = new FakeFlowSource(10_000);
    source.append(...flows(0, 5000));
    const { out, lines } = follow(source);
    let turns = 0;
    const count = (): void => void (turns++, setImmediate(count).unref());
    count();
    await lines.end();
    expect(out.lines).toHaveLength(5000);
    expect(turns).toBeGreaterThan(10);
  });
});
