/**
 * Where plainwire keeps its files (interface.md, section 4): the XDG base directories, and what macOS and Windows have
 * in their place.
 */

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
}

export function folders(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = os.homedir(),
): Folders {
  const { join } = platform === "win32" ? path.win32 : path.posix;
  if (platform === "darwin") {
    const support = join(home, "Library", "Application Support", NAME);
    const cache = join(home, "Library", "Caches", NAME);
    return { config: support, data: support, state: join(support, "state"), cache };
  }
  if (platform === "win32") {
    const roaming = join(env["APPDATA"] ?? join(home, "AppData", "Roaming"), NAME);
    const local = join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), NAME);
    return { config: roaming, data: local, state: join(local, "state"), cache: join(local, "cache") };
  }
  const xdg = (variable: string, ...otherwise: string[]): string => {
    const value = env[variable];
    // The XDG specification: a relative path is invalid and ignored.
    return join(value !== undefined && path.posix.isAbsolute(value) ? value : join(home, ...otherwise), NAME);
  };
  return {
    config: xdg("XDG_CONFIG_HOME", ".config"),
    data: xdg("XDG_DATA_HOME", ".local", "share"),
    state: xdg("XDG_STATE_HOME", ".local", "state"),
    cache: xdg("XDG_CACHE_HOME", ".cache"),
  };
}

const NAME = "plainwire";
