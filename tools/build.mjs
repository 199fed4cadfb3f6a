// Writes dist/. Does nothing if dist/ is newer than all that it is made from.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const target = path.join(root, "dist");
const main = path.join(target, "main.js");
const inputs = ["src", "tsconfig.json", "package.json", "package-lock.json", "tools/build.mjs"];

/**
 * Newest change below a path, in ms. A folder's own time tells of files that were deleted.
 * @param {string} file
 * @returns {number}
 */
function newest(file) {
  const stats = fs.statSync(file);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...fs.readdirSync(file).map((name) => newest(path.join(file, name))));
}

function build() {
  const started = new Date();
  // Beside dist/ and renamed when done: what runs from the old one is never without its files.
  const fresh = fs.mkdtempSync(path.join(root, "dist."));
  try {
    const { status } = spawnSync("tsc", ["--project", "tsconfig.json", "--outDir", fresh], {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    if (status !== 0) return 1;
    // `--help` has no time to load the schema that its text is made of.
    const help = spawnSync(process.execPath, [path.join(fresh, "main.js"), "--help"]);
    if (help.status !== 0) return 1;
    fs.writeFileSync(path.join(fresh, "cli", "help.txt"), help.stdout);
    const file = path.join(fresh, "main.js");
    fs.chmodSync(file, 0o755);
    fs.utimesSync(file, started, started);
    fs.chmodSync(fresh, 0o755);
    fs.rmSync(target, { recursive: true, force: true });
    fs.renameSync(fresh, target);
    return 0;
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}

const made = fs.statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (inputs.every((input) => newest(path.join(root, input)) < made)) process.exit(0);
process.exit(build());
