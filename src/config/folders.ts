/**
 * Where plainwire keeps its files (interface.md, section 4): the XDG base directories, and what macOS and Windows have
 * in their place.
 */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";

export interface Folders {
  /** `config.json`: the user's settings. */
  config: string;
  /** The CA. */
  data: string;
  /** Logs. */
  state: string;
  cache: string;
  /** What no later start needs: files of running processes, for their owner only. */
  runtime: string;
}

export function folders(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = os.homedir(),
  isOwn: (folder: string) => boolean = isOwnFolder,
): Folders {
  const { join } = platform === "win32" ? path.win32 : path.posix;
  if (platform === "darwin") {
    const support = join(home, "Library", "Application Support", NAME);
    const cache = join(home, "Library", "Caches", NAME);
    const state = join(support, "state");
    return { config: support, data: support, state, cache, runtime: join(state, "run") };
  }
  if (platform === "win32") {
    const roaming = join(env["APPDATA"] ?? join(home, "AppData", "Roaming"), NAME);
    const local = join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), NAME);
    const state = join(local, "state");
    return { config: roaming, data: local, state, cache: join(local, "cache"), runtime: join(state, "run") };
  }
  const given = (variable: string): string | null => {
    const value = env[variable];
    // The XDG specification: a relative path is invalid and ignored.
    return value !== undefined && path.posix.isAbsolute(value) ? value : null;
  };
  const xdg = (variable: string, ...otherwise: string[]): string =>
    join(given(variable) ?? join(home, ...otherwise), NAME);
  const state = xdg("XDG_STATE_HOME", ".local", "state");
  const session = given("XDG_RUNTIME_DIR");
  return {
    config: xdg("XDG_CONFIG_HOME", ".config"),
    data: xdg("XDG_DATA_HOME", ".local", "share"),
    state,
    cache: xdg("XDG_CACHE_HOME", ".cache"),
    runtime: session !== null && isOwn(session) ? join(session, NAME) : join(state, "run"),
  };
}

/** After `su`, XDG_RUNTIME_DIR may still name the folder of the user before; in a container, one that isn't there. */
function isOwnFolder(folder: string): boolean {
  const stats = fs.lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.geteuid?.();
}

const NAME = "plainwire";
