/** What an engine in this process is started with, from the settings. */

import type { Settings } from "../config/load.ts";
import type { EngineConfig } from "../engine/config.ts";
import type { Log } from "./log.ts";
import { readUpstreamCas } from "./upstream-cas.ts";

/** Throws a ConfigError if a file of CA certificates can't be used. */
export function engineConfig(settings: Settings, version: string, log: Log): EngineConfig {
  const { listen, feed, insecure, limits, capture } = settings;
  const upstreamCas = readUpstreamCas(settings.upstreamCa);
  return { listen, feed, caDir: settings.ca.dir, upstreamCas, insecure, limits, capture, log, version };
}
