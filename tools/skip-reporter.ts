import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/** Names what was skipped, which in CI is a failure, and closes with the plain count that scripts read. */
export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === "skipped");
    for (const test of skipped) {
      const result = test.result();
      const note = result.state === "skipped" && result.note !== undefined ? `: ${result.note}` : "";
      console.log(`skipped: ${test.fullName}${note}`);
    }
    if (skipped.length > 0 && process.env["CI"] === "true") {
      console.log("In CI nothing may be skipped.");
      process.exitCode = 1;
    }
    const count = (state: "passed" | "failed"): number => tests.filter((test) => test.result().state === state).length;
    // A file that could not be loaded, or a promise that nobody awaited, has no test to be counted as.
    const others = modules.flatMap((module) => module.errors()).length + unhandledErrors.length;
    console.log(`${count("passed")} passed, ${count("failed") + others} failed`);
  }
}
