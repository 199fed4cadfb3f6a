/** Why the engine can't listen, in words: whose the port is, and which one is free. */

import { formatHost } from "../wire/target.ts";
import type { EngineConfig } from "./config.ts";
import { EngineError } from "./error.ts";
import { freePort, portOwner } from "./port-owner.ts";
import { readSessions } from "./runtime.ts";

/** @param asked which of the two addresses; `--listen` and `--feed` are the options that name others */
export function cannotListen(
  asked: "listen" | "feed",
  config: EngineConfig,
  error: { code?: string; message: string },
): EngineError {
  const { host, port } = config[asked];
  const flag = `--${asked}`;
  switch (error.code) {
    case "EADDRINUSE":
      return inUse(asked, config);
    case "EACCES":
      return new EngineError(`port ${port} may not be opened by this user`, {
        exitCode: 4,
        fix: `choose a port above 1023: ${flag} ${formatHost(host, 8080)}`,
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new EngineError(`${host} is not an address of this machine`, {
        exitCode: 2,
        fix: `use ${flag} 127.0.0.1:${port}`,
      });
    case undefined:
      // The feed's own refusal of an address that others could reach.
      return new EngineError(error.message, { exitCode: 2, fix: `use ${flag} 127.0.0.1:${port}` });
    default:
      return new EngineError(`can't listen on ${formatHost(host, port)}: ${error.message}`, {
        exitCode: 1,
        fix: `choose another address with ${flag} HOST:PORT`,
      });
  }
}

function inUse(asked: "listen" | "feed", config: EngineConfig): EngineError {
  const { host, port } = config[asked];
  const owner = portOwner(host, port);
  const free = freePort(port, [config.listen.port, config.feed.port]);
  const other = `--${asked} ${formatHost(host, free ?? 0)}`;
  // Not found by its pid where the platform doesn't tell: then the message is the one for any other program.
  const isEngine = owner !== null && sessionPids(config).includes(owner.pid);
  const who = owner === null ? "another program" : `${isEngine ? "plainwire" : owner.command} (pid ${owner.pid})`;
  return new EngineError(`port ${port} on ${host} is in use by ${who}`, {
    exitCode: 3,
    fix: isEngine ? `See what passes there with: plainwire attach. Or try ${other}` : `Try ${other}`,
  });
}

const sessionPids = ({ runtimeFolder }: EngineConfig): number[] =>
  runtimeFolder === undefined ? [] : readSessions(runtimeFolder).map(({ pid }) => pid);
