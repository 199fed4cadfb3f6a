import { describe, expect, it } from "vitest";
import { createBatch, Kind, writeRecord } from "../../src/capture/record.ts";
import { watchStrays } from "../../src/engine/strays.ts";
import { createFlowLog } from "../../src/flow/log.ts";

function watched() {
  const flowLog = createFlowLog({ caPath: "/ca.pem" });
  const log: string[] = [];
  const look = watchStrays(flowLog, (level, message) => void log.push(`${level}: ${message}`));
  const accept = (...kinds: Kind[]): void => {
    const batch = createBatch(4096);
    let at = 0;
    for (const kind of kinds) at = writeRecord(batch, at, kind, 1, 0, 1, Buffer.from("{}"), 0, 2);
    flowLog.accept(batch.buffer, at);
    look();
  };
  return { log, accept };
}

describe("records that belong to no flow", () => {
  it("are told of once, as a warning", () => {
    const { log, accept } = watched();
    accept(Kind.connectionClosed);
    expect(log).toEqual([expect.stringMatching(/^warn: .*1 stray records, 0 stray ends.*report/)]);
    accept(Kind.connectionClosed);
    expect(log).toHaveLength(1);
  });

  it("are no news where all is in order", () => {
    const { log, accept } = watched();
    accept(Kind.connectionOpened, Kind.connectionClosed);
    expect(log).toEqual([]);
  });
});
