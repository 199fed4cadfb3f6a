import { expect, it } from "vitest";
import { createLog } from "../../src/cli/log.ts";
import { Sink } from "../support/fake-io.ts";

it("a message is one line, and moves nothing on the terminal, whoever chose its text", () => {
  const stderr = new Sink();
  createLog(stderr)("warn", "evil\r\nplainwire: all is well \u001b]0;owned\u0007 \u009b2J");
  expect(stderr.lines).toHaveLength(1);
  // oxlint-disable-next-line no-control-regex -- the very characters that must not be there
  expect(stderr.lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

it("while nobody reads, at most about 1 MiB waits; what was dropped is counted", async () => {
  const stderr = new Sink();
  const log = createLog(stderr);
  stderr.stall();
  for (let n = 0; n < 5000; n++) log("info", "x".repeat(1000));
  expect(stderr.writableLength).toBeLessThan(1_060_000);
  stderr.release();
  await new Promise((resolve) => void stderr.write("", resolve));
  log("info", "again");
  await stderr.until(/again/);
  const kept = stderr.lines.filter((line) => line.includes("xxx")).length;
  expect(stderr.lines.at(-2)).toBe(`plainwire: ${5000 - kept} log lines were dropped, as nobody read standard error`);
});
