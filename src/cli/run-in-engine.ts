/** A child between the start and the end of an engine in this process. */

import { randomBytes } from "node:crypto";
import fs from "node:fs";
import type { Settings } from "../config/load.ts";
import type { EngineConfig } from "../engine/config.ts";
import type { Engine } from "../engine/start.ts";
import { childVariables, gitProxy, withVariables } from "../machine/child-env.ts";
import { writeChildFiles } from "../machine/child-files.ts";
import { processFolder, removeFolder } from "../machine/private-folder.ts";
import { ForwardedSignals, runChild } from "./child.ts";
import { engineConfig } from "./engine-config.ts";
import { cleanEnvironment } from "./environment.ts";
import { tellFolder } from "./folder-failure.ts";
import type { Io } from "./io.ts";
import { createLog, type Log } from "./log.ts";
import { watchRun } from "./run-summary.ts";

export interface RunOptions {
  settings: Settings;
  version: string;
  command: string;
  args: string[];
  /** Where the folder of the child's files is made. */
  runtimeFolder: string;
  startEngine: (config: EngineConfig) => Promise<Engine>;
  /** PEM of what a program trusts without plainwire. */
  roots: () => string[];
}

/** Resolves to the child's exit code, or 128 and the number of the signal that ended it. */
export async function runInEngine(options: RunOptions, io: Io): Promise<number> {
  const log = createLog(io.stderr);
  const env = { ...io.env };
  cleanEnvironment(io.env);
  const signals = new ForwardedSignals(io);
  // Standard error is the child's: what would only be of interest in an engine's own log stays out of it.
  const unusual: Log = (level, message) => void (level !== "info" && log(level, message));
  const engine = await options.startEngine(engineConfig(options.settings, options.version, unusual));
  try {
    if (engine.caCreated) log("info", `created a CA of your own: ${engine.caPath}; keep its key to yourself`);
    void engine.stopped.then(({ reason }) => {
      if (reason === "relay-crashed") log("error", "the relay crashed: from here on, the command reaches nothing");
    });
    return await runBeside(engine, { ...options, env, signals, log }, io);
  } finally {
    signals.close();
    await engine.stop();
  }
}

interface Beside extends RunOptions {
  env: NodeJS.ProcessEnv;
  signals: ForwardedSignals;
  log: Log;
}

async function runBeside(engine: Engine, options: Beside, io: Io): Promise<number> {
  const { command, args, signals, log } = options;
  const summary = watchRun(engine.source);
  const folder = tellFolder(() => processFolder(options.runtimeFolder, "run"));
  try {
    const env = childEnvironment(engine, folder, options);
    const exitCode = await runChild({ command, args, env, cwd: io.cwd }, signals);
    await engine.stop();
    for (const line of summary()) log("info", line);
    return exitCode;
  } finally {
    removeFolder(folder);
  }
}

/** No token in it: whatever the child starts, and whoever may read its environment, gets the proxy and no more. */
function childEnvironment(engine: Engine, folder: string, { env, roots }: Beside): NodeJS.ProcessEnv {
  const { proxyUrl: proxy, caPath: ca } = engine;
  const caPem = fs.readFileSync(ca, "utf8");
  const places = writeChildFiles(folder, { proxy, ca, caPem, roots: roots(), env });
  return withVariables(env, {
    ...childVariables(places),
    ...gitProxy(proxy, env),
    PLAINWIRE_RUN: `r_${randomBytes(4).toString("hex")}`,
  });
}
