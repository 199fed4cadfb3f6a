/**
 * The engine as a process of its own, for the terminal UI. It is detached, so that Ctrl-C, Ctrl-Z and SIGHUP of the
 * terminal don't reach it; it lives as long as the pipe to its standard input (design.md, section 2).
 */

import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { FeedAddress } from "../feed/client.ts";
import { type Arguments, toArgv } from "./arguments.ts";
import { engineEnvironment } from "./environment.ts";
import { EXIT, ToldFailure } from "./explain.ts";
import type { FlowCounts } from "./flow-counter.ts";
import type { Io } from "./io.ts";

export interface EngineProcess {
  feed: FeedAddress;
  /** Lets go of the lifeline and waits for the end. Null if the engine didn't end in order within 3 s. */
  stop(): Promise<FlowCounts | null>;
  /** The last lines of its log. */
  lastLines(): string[];
}

/** Resolves when the engine listens. Rejects with {@link ToldFailure}: the engine's own words and exit code. */
export async function startEngineProcess(parsed: Arguments, stateFolder: string, io: Io): Promise<EngineProcess> {
  const log = path.join(stateFolder, "engine.log");
  const child = spawnEngine(parsed, openLog(log), io);
  const exited = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      fs.appendFileSync(log, `${error.message}\n`);
      resolve();
    });
  });
  const lines = said(child);
  const feed = await Promise.race([lines.feed, exited]);
  if (feed === undefined) throw new ToldFailure(lastLines(log).join("\n") || SILENT, failureOf(child));
  const stop = async (): Promise<FlowCounts | null> => {
    child.stdin?.end();
    await Promise.race([exited, patience()]);
    // It has had its time; what it listens on must not outlive the terminal UI.
    if (child.exitCode === null) child.kill("SIGKILL");
    return lines.counts();
  };
  return { feed, stop, lastLines: () => lastLines(log) };
}

/** The child's own exit code. Where it has none to tell (a signal, a spawn that failed), ours. */
function failureOf({ exitCode }: ChildProcess): number {
  return exitCode !== null && exitCode > 0 ? exitCode : EXIT.unexpected;
}

function spawnEngine(parsed: Arguments, log: number, io: Io): ChildProcess {
  const argv = [io.entry, "start", "--headless", "--lifeline", ...toArgv(parsed), "--no-json"];
  const child = spawn(io.execPath, argv, {
    cwd: io.cwd,
    env: engineEnvironment(io.env),
    detached: true,
    stdio: ["pipe", "pipe", log],
    windowsHide: true,
  });
  fs.closeSync(log);
  // The engine's end may be noticed here first, by a pipe that nobody reads any more.
  child.stdin?.on("error", () => {});
  return child;
}

/** Follows what the engine writes to its standard output: the ready line, at last its counts. */
function said(child: ChildProcess): { feed: Promise<FeedAddress>; counts: () => FlowCounts | null } {
  let counts: FlowCounts | null = null;
  const feed = new Promise<FeedAddress>((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const message = JSON.parse(line) as Message;
      if (message.event === "listening") resolve(feedAddress(message.feed));
      else counts = { flows: message.flows, failed: message.failed };
    });
  });
  return { feed, counts: () => counts };
}

type Message = { event: "listening"; feed: string } | ({ event: "stopped" } & FlowCounts);

function feedAddress(text: string): FeedAddress {
  const url = new URL(text);
  const token = url.searchParams.get("token") ?? "";
  url.search = "";
  return { url: url.href, token };
}

/** Emptied at each start. Appending keeps two engines that share it from overwriting each other's lines. */
function openLog(file: string): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW } = fs.constants;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const log = fs.openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | (O_NOFOLLOW ?? 0), 0o600);
    // The mode above is for a new file only.
    fs.fchmodSync(log, 0o600);
    return log;
  } catch (error) {
    const { message } = error as Error;
    throw new ToldFailure(`the log can't be written: ${message}`, EXIT.permission);
  }
}

function lastLines(file: string): string[] {
  const text = fs.readFileSync(file, "utf8").slice(-LOG_TAIL);
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.slice(-LAST_LINES).map((line) => line.replace(/^plainwire: /, ""));
}

/** How long the engine may take to end in order. */
const patience = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 3000).unref());

const LOG_TAIL = 8192;
const LAST_LINES = 20;
const SILENT = "the engine ended before it was ready, and said nothing";
