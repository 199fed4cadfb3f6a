/** A real plainwire: `dist/main.js` as a process of its own, on free ports, with folders of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { cleanEnvironment } from "./run.ts";

export interface PlainwireOptions {
  /** PEM of what it trusts for upstreams. */
  upstreamCa?: string;
  flags?: string[];
  env?: NodeJS.ProcessEnv;
  /** Default: an empty folder. */
  cwd?: string;
}

/** The ready line (design.md, section 11). */
export interface Ready {
  event: string;
  proxy: string;
  feed: string;
  api: string;
  ca: string;
  pid: number;
  version: string;
}

export interface Plainwire {
  ready: Ready;
  /** "http://127.0.0.1:8080" */
  proxyUrl: string;
  host: string;
  port: number;
  /** "ws://127.0.0.1:8081/v1/feed", without the token. */
  feedUrl: string;
  apiUrl: string;
  token: string;
  caPath: string;
  /** PEM of its CA. */
  ca: string;
  pid: number;
  /** What it wrote to standard output after the ready line. */
  lines: string[];
  stderr(): string;
  /** Ends it with SIGTERM, and expects that it ends well. */
  stop(): Promise<void>;
}

/** Resolves at the ready line; rejects with the process's own words if it ends before. */
export async function startPlainwire(options: PlainwireOptions = {}): Promise<Plainwire> {
  const home = temporaryFolder();
  const child = spawn(process.execPath, [MAIN, ...startArguments(home, options)], {
    cwd: options.cwd ?? home.path,
    env: { ...home.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const lines: string[] = [];
  const line = await firstLine(child, lines);
  if (line === null) {
    running.delete(child);
    home.remove();
    throw new Error(`plainwire did not start (exit ${child.exitCode}): ${stderr}`);
  }
  return describeRunning(JSON.parse(line) as Ready, {
    lines,
    stderr: () => stderr,
    stop: () => stop(child, home, () => stderr),
  });
}

export interface Home {
  path: string;
  /** An environment in which everything that plainwire keeps is below `path`. */
  env: NodeJS.ProcessEnv;
  remove(): void;
}

/** Folders for one plainwire, below the system's temporary folder. */
export function temporaryFolder(): Home {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-e2e-"));
  const env = { ...cleanEnvironment(), HOME: folder, XDG_RUNTIME_DIR: folder };
  return { path: folder, env, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

/** Arguments of `dist/main.js` for free ports and a CA below `home`. */
export function startArguments(home: Home, { upstreamCa, flags = [] }: PlainwireOptions, headless = true): string[] {
  const args = ["start", ...(headless ? ["--headless"] : [])];
  const defaults = { "--listen": "127.0.0.1:0", "--feed": "127.0.0.1:0", "--ca-dir": path.join(home.path, "ca") };
  for (const [flag, value] of Object.entries(defaults)) if (!flags.includes(flag)) args.push(flag, value);
  if (upstreamCa !== undefined) {
    const file = path.join(home.path, "upstream-ca.pem");
    fs.writeFileSync(file, upstreamCa);
    args.push("--upstream-ca", file);
  }
  return [...args, ...flags];
}

/** Follows a process's memory: what the function returns is by how many bytes it has grown at most since then. */
export function watchMemory(pid: number): () => number {
  // Resets the peak to what is resident now (proc(5), clear_refs).
  fs.writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const before = memory(pid, "VmRSS");
  return () => memory(pid, "VmHWM") - before;
}

function memory(pid: number, name: "VmRSS" | "VmHWM"): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  return 1024 * Number(line?.[1]);
}

function firstLine(child: ChildProcess, lines: string[]): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let ready = false;
    child.on("error", reject);
    child.on("close", () => resolve(null));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (ready) return void lines.push(line);
      ready = true;
      resolve(line);
    });
  });
}

function describeRunning(ready: Ready, process: Pick<Plainwire, "lines" | "stderr" | "stop">): Plainwire {
  const proxy = new URL(ready.proxy);
  const feed = new URL(ready.feed);
  const token = feed.searchParams.get("token") ?? "";
  feed.search = "";
  return {
    ...process,
    ready,
    proxyUrl: ready.proxy,
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: Number(proxy.port),
    feedUrl: feed.href,
    apiUrl: ready.api,
    token,
    caPath: ready.ca,
    ca: fs.readFileSync(ready.ca, "utf8"),
    pid: ready.pid,
  };
}

async function stop(child: ChildProcess, home: Home, stderr: () => string): Promise<void> {
  const alive = child.exitCode === null && child.signalCode === null;
  // One that hangs must fail its test, and not stay.
  const patience = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  const closed = alive ? once(child, "close") : null;
  child.kill("SIGTERM");
  await closed;
  clearTimeout(patience);
  running.delete(child);
  home.remove();
  const end = { alive, code: child.exitCode, signal: child.signalCode, words: words(stderr()) };
  expect(end).toEqual({ alive: true, code: 0, signal: null, words: "" });
}

/** What should never be in a log: a stack, or a warning of Node's. */
function words(stderr: string): string {
  return /^\s+at .+:\d+:\d+\)?$|Warning:|a bug in plainwire/m.test(stderr) ? stderr : "";
}

/** The built command line. */
export const MAIN = path.join(import.meta.dirname, "../../dist/main.js");
const STOP_MS = 15_000;

const running = new Set<ChildProcess>();
// None must outlive a test run that was broken off.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
