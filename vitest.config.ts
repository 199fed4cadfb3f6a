import { defineConfig } from "vitest/config";
import { SkipReporter } from "./tools/skip-reporter.ts";

/** What runs dist/ must not run an old one. */
const globalSetup = "tools/build-before.ts";
const setupFiles = "test/support/seed.ts";

/** Tests that start threads and processes, or flood: too slow for `npm run check`, which answers in 20 s. */
const HEAVY = [
  "test/tools/**/*.test.ts",
  "test/engine/**/*.test.ts",
  "test/feed/hostile.test.ts",
  "test/cli/main.test.ts",
];

export default defineConfig({
  test: {
    reporters: ["default", new SkipReporter()],
    projects: [
      {
        test: {
          name: "unit",
          setupFiles,
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/long/**", ...HEAVY],
          testTimeout: 20_000,
          // One process a core, for all files: a fresh one for each of them costs as much again as the tests do.
          isolate: false,
          maxWorkers: "100%",
        },
      },
      {
        test: {
          name: "heavy",
          setupFiles,
          include: HEAVY,
          testTimeout: 20_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // After the unit tests: real clients have timeouts of their own.
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "long",
          include: ["test/long/**/*.test.ts"],
          globalSetup,
          testTimeout: 1_800_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
