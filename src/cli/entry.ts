/** From argv to an exit code. What a command needs is loaded when it is known: `--help` answers at once. */

import fs from "node:fs";
import type { Writable } from "node:stream";
import type { Arguments } from "./arguments.ts";
import type { Io } from "./io.ts";

/** Runs one command. Never rejects: what goes wrong is said on standard error. */
export async function enter(io: Io): Promise<number> {
  // A reader that went away (`plainwire --help | head -1`) is no reason to crash.
  for (const stream of [io.stdout, io.stderr]) stream.on("error", () => {});
  const exitCode = await perform(io).catch((error: unknown) => complain(error, io));
  await Promise.race([Promise.all([flushed(io.stdout), flushed(io.stderr)]), patience()]);
  return exitCode;
}

async function perform(io: Io): Promise<number> {
  const version = packageVersion();
  // What follows is for the command that `run` starts.
  const dashes = io.argv.indexOf("--");
  const own = dashes < 0 ? io.argv : io.argv.slice(0, dashes);
  if (own.some((word) => HELP.has(word)) || own[0] === "help") return print(io, await help(own, version));
  if (own.some((word) => VERSION.has(word))) return print(io, `plainwire ${version}\n`);
  const [{ parseArguments }, { COMMANDS }] = await Promise.all([import("./arguments.ts"), import("./commands.ts")]);
  const parsed = parseArguments(io.argv);
  const command = COMMANDS.get(parsed.command);
  if (command === undefined) throw await unknownCommand(parsed, [...COMMANDS.keys(), "help"]);
  const start = await command.load();
  return start(parsed, io, version);
}

function print(io: Io, text: string): number {
  io.stdout.write(text);
  return 0;
}

/** Of one command ("run --help", "help run") if it has more to say than the whole. */
async function help(argv: readonly string[], version: string): Promise<string> {
  const name = argv.find((word) => word !== "help" && !word.startsWith("-")) ?? "start";
  if (name === "start") return wholeHelp(version);
  const [{ COMMANDS }, { commandHelp }] = await Promise.all([import("./commands.ts"), import("./command-help.ts")]);
  const command = COMMANDS.get(name);
  return command === undefined ? wholeHelp(version) : commandHelp(command);
}

/** As the build wrote it, since the schema that it is made of takes 0.1 s to load; made on the spot in a checkout. */
async function wholeHelp(version: string): Promise<string> {
  const built = new URL("./help.txt", import.meta.url);
  if (fs.existsSync(built)) return fs.readFileSync(built, "utf8");
  return (await import("./help.ts")).helpText(version);
}

async function unknownCommand({ command }: Arguments, names: string[]): Promise<Error> {
  const [{ UsageError }, { didYouMean }] = await Promise.all([import("./explain.ts"), import("../config/nearest.ts")]);
  const known = names.map((name) => JSON.stringify(name)).join(", ");
  const hint = didYouMean(command, names);
  return new UsageError(`this version has no command ${JSON.stringify(command)}, only these: ${known}${hint}`);
}

async function complain(error: unknown, io: Io): Promise<number> {
  const [{ explain }, { createLog }] = await Promise.all([import("./explain.ts"), import("./log.ts")]);
  const { lines, exitCode } = explain(error);
  const log = createLog(io.stderr);
  for (const line of lines) log("error", line);
  return exitCode;
}

/** From package.json, which stands beside src/ and dist/ alike. */
function packageVersion(): string {
  const { version } = JSON.parse(fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}

/** Pipes are written to asynchronously, and what still waits at `process.exit` would be lost. */
function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => void stream.write("", () => resolve()));
}

/** A reader that doesn't read can't keep the program from ending. */
const patience = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1000).unref());

const HELP = new Set(["--help", "-h"]);
const VERSION = new Set(["--version", "-v"]);
