/** The engine in this process: one ready line on standard output, logs on standard error. */

import { folders } from "../config/folders.ts";
import type { Settings } from "../config/load.ts";
import type { EngineConfig } from "../engine/config.ts";
import type { Engine } from "../engine/start.ts";
import { engineConfig } from "./engine-config.ts";
import { cleanEnvironment } from "./environment.ts";
import { EXIT } from "./explain.ts";
import { countFlows, countsText } from "./flow-counter.ts";
import { FlowLines } from "./flow-lines.ts";
import type { Io, Signal } from "./io.ts";
import { createLog } from "./log.ts";

export interface HeadlessOptions {
  settings: Settings;
  version: string;
  /** Whether the end of standard input ends the engine, and a last line on standard output says what it did. */
  lifeline: boolean;
  startEngine: (config: EngineConfig) => Promise<Engine>;
}

/** Runs until a signal, the lifeline's end, or the engine's own. Resolves to the exit code. */
export async function headless(options: HeadlessOptions, io: Io): Promise<number> {
  const { settings, lifeline } = options;
  const log = createLog(io.stderr);
  const asked = stopAsked(io, lifeline);
  cleanEnvironment(io.env);
  const config = engineConfig(settings, options.version, log);
  const engine = await options.startEngine({ ...config, runtimeFolder: folders(io.env).runtime });
  const counts = countFlows(engine.source);
  if (engine.caCreated) log("info", `created a CA of your own: ${engine.caPath}; keep its key to yourself`);
  writeLine(io, readyLine(engine, options.version));
  const lines = settings.json ? new FlowLines(engine.source, io.stdout, log) : null;

  const ended = await Promise.race([asked, engine.stopped.then(({ reason }) => reason)]);
  if (ended === "relay-crashed") {
    log("error", `the relay crashed, so the engine ended; ${countsText(counts)}`);
    return EXIT.unexpected;
  }
  await engine.stop();
  if (lines !== null) await Promise.race([lines.end(), patience()]);
  if (lifeline) writeLine(io, { event: "stopped", ...counts });
  log("info", `stopped; ${countsText(counts)}`);
  return EXIT.ok;
}

/** Resolves to why the engine shall stop. Who asks a second time doesn't want to wait for that. */
function stopAsked(io: Io, lifeline: boolean): Promise<string> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (name: Signal): void => {
      if (++signals > 1) io.exit(EXIT.interrupted);
      resolve(name);
    };
    io.signals.on("SIGINT", () => onSignal("SIGINT"));
    io.signals.on("SIGTERM", () => onSignal("SIGTERM"));
    if (!lifeline) return;
    for (const name of ["end", "close", "error"]) io.stdin.once(name, () => resolve("the terminal UI is gone"));
    io.stdin.resume();
  });
}

/** The line that scripts wait for (design.md, section 11). */
function readyLine(engine: Engine, version: string): object {
  return {
    event: "listening",
    proxy: engine.proxyUrl,
    feed: `${engine.feed.url}?token=${engine.feed.token}`,
    api: engine.apiUrl,
    ca: engine.caPath,
    pid: process.pid,
    version,
  };
}

const writeLine = (io: Io, line: object): void => void io.stdout.write(`${JSON.stringify(line)}\n`);

/** How long a slow reader may take for the last flows. */
const patience = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 2000).unref());
