// Runs every check that needs no build, two at a time, and shows what the failing ones say.
import { spawn } from "node:child_process";
import path from "node:path";

const lanes = [
  [["unit tests", "vitest run --project unit --reporter=dot"]],
  [
    ["types", "tsc --noEmit --project tsconfig.json"],
    ["types of tests", "tsc --noEmit --project test/tsconfig.json"],
    ["lint", "oxlint --type-aware src test tools *.config.ts"],
    ["format", "oxfmt --check"],
    ["dead code", "knip"],
  ],
];

/**
 * @param {string} name
 * @param {string} command
 * @returns {Promise<boolean>} whether it passed
 */
function check(name, command) {
  const started = performance.now();
  const child = spawn(command, {
    cwd: path.join(import.meta.dirname, ".."),
    shell: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  /** @type {Buffer[]} */
  const output = [];
  child.stdout.on("data", (bytes) => output.push(bytes));
  child.stderr.on("data", (bytes) => output.push(bytes));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${code === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)\n`);
      if (code !== 0) process.stdout.write(`${Buffer.concat(output).toString()}\n`);
      resolve(code === 0);
    });
  });
}

const results = await Promise.all(
  lanes.map(async (lane) => {
    let passed = true;
    for (const [name = "", command = ""] of lane) passed = (await check(name, command)) && passed;
    return passed;
  }),
);
process.exitCode = results.every(Boolean) ? 0 : 1;
