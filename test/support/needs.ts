import fs from "node:fs";
import path from "node:path";
import { describe, it } from "vitest";

/**
 * `describe` for tests that need programs of the machine: `needs("curl", "tmux")("curl through the proxy", () => ...)`.
 * Where one is missing, a skipped test that names it stands for the whole suite; in CI that is an error, as a test that
 * never runs proves nothing.
 */
export function needs(...programs: string[]): (title: string, body: () => void) => void {
  const missing = programs.filter((program) => find(program) === null);
  if (missing.length === 0) return (title, body) => void describe(title, body);
  const reason = `not installed: ${missing.join(", ")}`;
  if (process.env["CI"] === "true") throw new Error(reason);
  return (title) => void describe(title, () => it("all of it", (context) => context.skip(reason)));
}

/** The path of a program on PATH, or null. */
export function find(program: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.join(folder, program)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
