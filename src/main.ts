#!/usr/bin/env node
/**
 * The command line's entry. Nothing may be imported before the version was checked: an older Node.js would fail on a
 * module with words that help nobody.
 */

export {};

const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(`plainwire: needs Node.js ${OLDEST_NODE} or newer, and this is ${process.version}\n`);
  process.exit(2);
}

void import("./cli/entry.ts").then(async ({ enter }) => {
  const { stdin, stdout, stderr, env, execPath } = process;
  const own = { execPath, entry: import.meta.filename, exit: (code: number) => process.exit(code) };
  const io = { argv: process.argv.slice(2), env, cwd: process.cwd(), stdin, stdout, stderr, signals: process, ...own };
  process.exit(await enter(io));
});
