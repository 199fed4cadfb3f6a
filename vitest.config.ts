import { defineConfig } from "vitest/config";
import { SkipReporter } from "./tools/skip-reporter.ts";

/** What runs dist/ must not run an old one. */
const globalSetup = "tools/build-before.ts";

export default defineConfig({
  test: {
    reporters: ["default", new SkipReporter()],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/long/**"],
          testTimeout: 20_000,
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
          sequence: { groupOrder: 1 },
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
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
