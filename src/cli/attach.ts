/** `plainwire attach`: the terminal UI on an engine that runs already, and goes on when the UI has ended. */

import { folders } from "../config/folders.ts";
import type { findEngine, RunningEngine } from "../engine/running.ts";
import type { FeedAddress, FeedClient } from "../feed/client.ts";
import type { runTui, TuiExit } from "../tui/run.ts";
import type { Arguments } from "./arguments.ts";
import { EXIT, ToldFailure, UsageError } from "./explain.ts";
import type { Io } from "./io.ts";
import { createLog } from "./log.ts";
import { hasTerminal } from "./terminal.ts";
import { untilFoundOrQuit } from "./wait.ts";

export interface AttachOptions {
  /** The engine's; null takes the newest. */
  pid: number | null;
  runtimeFolder: string;
  findEngine: typeof findEngine;
  connectFeed: (address: FeedAddress) => Promise<FeedClient>;
  runTui: typeof runTui;
}

export async function attach(parsed: Arguments, io: Io): Promise<number> {
  const pid = readPid(parsed.own.get("pid"));
  if (!hasTerminal(io)) throw new UsageError("attach needs a terminal; scripts read the feed in its place");
  const [engine, feed, tui] = await Promise.all([
    import("../engine/running.ts"),
    import("../feed/client.ts"),
    import("../tui/run.ts"),
  ]);
  return attachTo({ pid, runtimeFolder: folders(io.env).runtime, ...engine, ...feed, ...tui }, io);
}

/** Runs until the user quits. An engine that went away is waited for, by its proxy's address. */
export async function attachTo(options: AttachOptions, io: Io): Promise<number> {
  const log = createLog(io.stderr);
  const { runtimeFolder } = options;
  let engine = await options.findEngine(runtimeFolder, ({ pid }) => options.pid === null || pid === options.pid);
  if (engine === null) throw notRunning(options.pid);
  const { proxy } = engine;
  for (;;) {
    const ended = await show(engine, options);
    if (ended.reason === "quit") {
      log("info", `left; plainwire (pid ${engine.pid}) goes on at ${engine.proxy}`);
      return EXIT.ok;
    }
    log("warn", `engine gone (${ended.message}); waiting for one at ${proxy}, q quits`);
    const next = await untilFoundOrQuit(() => options.findEngine(runtimeFolder, (other) => other.proxy === proxy), io);
    if (next === null) return EXIT.ok;
    engine = next;
  }
}

async function show(engine: RunningEngine, { connectFeed, runTui }: AttachOptions): Promise<TuiExit> {
  let feed: FeedClient;
  try {
    feed = await connectFeed({ url: engine.feed, token: engine.token });
  } catch (error) {
    return { reason: "engine-gone", message: (error as Error).message };
  }
  const { stdin, stdout, env } = process;
  try {
    return await runTui({ feed, input: stdin, output: stdout, env });
  } finally {
    feed.close();
  }
}

function notRunning(pid: number | null): ToldFailure {
  const which = pid === null ? "no plainwire is running" : `no plainwire is running with pid ${pid}`;
  return new ToldFailure(which, NOT_RUNNING, "Start one with plainwire, or without a terminal: plainwire --headless");
}

function readPid(text: string | true | undefined): number | null {
  if (text === undefined) return null;
  if (typeof text === "string" && /^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError("--pid needs the number of a process");
}

/** interface.md, section 4. */
const NOT_RUNNING = 6;
