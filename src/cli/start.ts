/** `plainwire [start]`: the terminal UI with an engine of its own, or only the engine. */

import { folders } from "../config/folders.ts";
import { loadConfig } from "../config/load.ts";
import type { Arguments } from "./arguments.ts";
import { headless } from "./headless.ts";
import type { Io } from "./io.ts";
import { createLog } from "./log.ts";
import { hasTerminal, terminal } from "./terminal.ts";

export async function start(parsed: Arguments, io: Io, version: string): Promise<number> {
  const places = folders(io.env);
  const { settings, warnings } = loadConfig({ ...parsed, env: io.env, cwd: io.cwd, folders: places });
  for (const warning of warnings) createLog(io.stderr)("warn", warning);
  if (settings.headless || !hasTerminal(io)) {
    const { startEngine } = await import("../engine/start.ts");
    return headless({ settings, version, lifeline: parsed.lifeline, startEngine }, io);
  }
  const [{ connectFeed }, { runTui }] = await Promise.all([import("../feed/client.ts"), import("../tui/run.ts")]);
  return terminal({ parsed, stateFolder: places.state, connectFeed, runTui }, io);
}
