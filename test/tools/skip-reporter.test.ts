import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const TESTS = {
  "passes.test.ts": 'import { it } from "vitest"; it("is fine", () => {});',
  "needs.test.ts": `
    import { it } from "vitest";
    import { needs } from ${JSON.stringify(path.join(ROOT, "test/support/needs.ts"))};
    needs("no-such-program", "sh")("an exotic client", () => { it("connects", () => {}); });`,
  "skips.test.ts": 'import { it } from "vitest"; it.skip("is for later", () => {});',
  "fails.test.ts": 'import { it } from "vitest"; it("is not fine", () => { throw new Error(); });',
  "broken.test.ts": 'throw new Error("at load");',
};

let tree: string;
beforeAll(() => {
  tree = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-skips-"));
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(tree, "node_modules"));
  const reporter = JSON.stringify(path.join(ROOT, "tools/skip-reporter.ts"));
  const config = `import { SkipReporter } from ${reporter}; export default { test: { reporters: ["default", new SkipReporter()] } };`;
  fs.writeFileSync(path.join(tree, "vitest.config.ts"), config);
  for (const [name, code] of Object.entries(TESTS)) fs.writeFileSync(path.join(tree, name), code);
});
afterAll(() => fs.rmSync(tree, { recursive: true }));

async function vitest(ci: string, ...names: (keyof typeof TESTS)[]): Promise<{ code: number; lines: string[] }> {
  const env = { PATH: process.env["PATH"], HOME: tree, CI: ci, NO_COLOR: "1" };
  const child = spawn(path.join(ROOT, "node_modules/.bin/vitest"), ["run", ...names], { cwd: tree, env });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close") as Promise<[number]>]);
  return { code, lines: output.trimEnd().split("\n") };
}

describe.concurrent("a run of the tests", () => {
  it("closes with its count", async () => {
    const { code, lines } = await vitest("", "passes.test.ts");
    expect([code, lines.at(-1)]).toEqual([0, "1 passed, 0 failed"]);
  });

  it("counts a file that could not be loaded as a failure", async () => {
    const { code, lines } = await vitest("", "passes.test.ts", "fails.test.ts", "broken.test.ts");
    expect([code, lines.at(-1)]).toEqual([1, "1 passed, 2 failed"]);
  });

  it("names what it skipped, and what was missing", async () => {
    const { code, lines } = await vitest("", "passes.test.ts", "needs.test.ts");
    expect(code).toBe(0);
    expect(lines).toContain("skipped: an exotic client > all of it: not installed: no-such-program");
  });

  it("fails in CI if a program is missing", async () => {
    const { code, lines } = await vitest("true", "passes.test.ts", "needs.test.ts");
    expect([code, lines.at(-1)]).toEqual([1, "1 passed, 1 failed"]);
  });

  it("fails in CI if anything is skipped for whatever reason", async () => {
    const { code, lines } = await vitest("true", "passes.test.ts", "skips.test.ts");
    expect([code, ...lines.slice(-3)]).toEqual([
      1,
      "skipped: is for later",
      "In CI nothing may be skipped.",
      "1 passed, 0 failed",
    ]);
  });
}, 60_000);
