/** The settings for a command, with the warnings that belong to them on standard error. */

import { type Folders, folders } from "../config/folders.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { Arguments } from "./arguments.ts";
import type { Io } from "./io.ts";
import { createLog } from "./log.ts";

/** Throws a ConfigError if they can't be used. */
export function loadSettings(parsed: Arguments, io: Io): Loaded & { places: Folders } {
  const places = folders(io.env);
  const loaded = loadConfig({ ...parsed, env: io.env, cwd: io.cwd, folders: places });
  for (const warning of loaded.warnings) createLog(io.stderr)("warn", warning);
  return { ...loaded, places };
}
