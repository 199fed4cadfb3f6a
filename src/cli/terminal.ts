/** The terminal UI in this process, and an engine for it in another. */

import type { FeedAddress, FeedClient } from "../feed/client.ts";
import type { runTui } from "../tui/run.ts";
import type { Arguments } from "./arguments.ts";
import { type EngineProcess, startEngineProcess } from "./engine-process.ts";
import { EXIT, ToldFailure } from "./explain.ts";
import { countsText } from "./flow-counter.ts";
import type { Io } from "./io.ts";
import { createLog } from "./log.ts";

export interface TerminalOptions {
  parsed: Arguments;
  /** Where the engine's log goes. */
  stateFolder: string;
  connectFeed: (address: FeedAddress) => Promise<FeedClient>;
  runTui: typeof runTui;
}

/** Keys must come in, and a picture must go out. */
export function hasTerminal({ stdin, stdout, env }: Io): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env["TERM"] !== "dumb";
}

/** Runs until the user quits or the engine is gone. Resolves to the exit code. */
export async function terminal(options: TerminalOptions, io: Io): Promise<number> {
  const engine = await startEngineProcess(options.parsed, options.stateFolder, io);
  try {
    const feed = await options.connectFeed(engine.feed).catch((error: unknown) => {
      throw new ToldFailure(`the engine runs, but its feed can't be read: ${String(error)}`, EXIT.unexpected);
    });
    const { stdin, stdout, env } = process;
    const ended = await options.runTui({ feed, input: stdin, output: stdout, env });
    feed.close();
    return ended.reason === "quit" ? await quit(engine, io) : await engineGone(engine, ended.message, io);
  } finally {
    await engine.stop();
  }
}

async function quit(engine: EngineProcess, io: Io): Promise<number> {
  const log = createLog(io.stderr);
  const counts = await engine.stop();
  log("info", counts === null ? "stopped; the engine did not end in order" : `stopped; ${countsText(counts)}`);
  return EXIT.ok;
}

async function engineGone(engine: EngineProcess, message: string, io: Io): Promise<number> {
  const log = createLog(io.stderr);
  // Its last words may come after the end of its connection.
  await engine.stop();
  log("error", `the engine ended: ${message}`);
  for (const line of engine.lastLines()) log("error", line);
  return EXIT.unexpected;
}
