import { execFileSync } from "node:child_process";
import path from "node:path";

/** vitest's global setup: builds dist/ if it is older than what it is made from. */
export function setup(): void {
  execFileSync(process.execPath, [path.join(import.meta.dirname, "build.mjs")], { stdio: "inherit" });
}
