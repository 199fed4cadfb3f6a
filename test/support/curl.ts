/** curl through a plainwire. */

import type { Plainwire } from "./plainwire.ts";
import { type Ran, run, type RunOptions } from "./run.ts";

/** Runs curl with the proxy set and its CA trusted. */
export function curl(plainwire: Plainwire, args: string[], options: RunOptions = {}): Promise<Ran> {
  return bareCurl(["--proxy", plainwire.proxyUrl, "--cacert", plainwire.caPath, ...args], options);
}

/** Runs curl as it is, quiet, and without the user's `.curlrc`. */
export function bareCurl(args: string[], options: RunOptions = {}): Promise<Ran> {
  return run("curl", ["--disable", "--silent", "--show-error", ...args], options);
}
