/** Starts the engine: the CA, the relay thread, the hub, the feed; watches over them; stops them in order. */

import { randomBytes } from "node:crypto";
import { type Authority, loadOrCreateAuthority } from "../ca/authority.ts";
import { AuthorityError } from "../ca/refusal.ts";
import { startFeed, type Feed } from "../feed/server.ts";
import { createFlowLog, type FlowLog } from "../flow/log.ts";
import type { FlowSource } from "../flow/source.ts";
import type { EngineConfig } from "./config.ts";
import { EngineError } from "./error.ts";
import { cannotListen } from "./listen-error.ts";
import { startTimeOf } from "./process.ts";
import { announce } from "./runtime.ts";
import { type Relay, startRelay } from "./supervisor.ts";

export interface Engine {
  /** "http://127.0.0.1:8080" */
  proxyUrl: string;
  feed: { url: string; token: string };
  apiUrl: string;
  caPath: string;
  /** True if this start made the CA. */
  caCreated: boolean;
  source: FlowSource;
  /** Resolves when the engine has ended, for whatever reason. */
  stopped: Promise<{ reason: "stopped" | "relay-crashed" }>;
  /** Ends it in order: no new connections, open flows ended as "shutdown", watchers told, ports closed. */
  stop(): Promise<void>;
}

/** Rejects with an {@link EngineError} that says what to do. */
export async function startEngine(config: EngineConfig): Promise<Engine> {
  const authority = loadAuthority(config.caDir);
  const { totalBodyBytes, ringBytes, flows, bodyBytes } = config.capture;
  const flowLog = createFlowLog({
    caPath: authority.certificatePath,
    budgets: { bodyBytes, totalBodyBytes, ringBytes, flows },
  });
  const relay = await startRelay({ config, authority, flowLog });
  const token = randomBytes(24).toString("base64url");
  const feed = await openFeed({ config, authority, flowLog, relay, token });
  relay.guardPorts([relay.port, feed.port]);
  const withdraw = announceEngine({ config, authority, flowLog, relay, feed, token });
  return supervise({ authority, flowLog, relay, feed, token, withdraw });
}

interface Parts {
  authority: Authority;
  flowLog: FlowLog;
  relay: Relay;
  feed: Feed;
  token: string;
  /** Removes what the runtime folder says of this engine. */
  withdraw: () => void;
}

function supervise({ authority, flowLog, relay, feed, token, withdraw }: Parts): Engine {
  const stopped = relay.ended.then(async (reason) => {
    flowLog.failOpen(reason === "stopped" ? "shutdown" : "relay-crashed");
    await feed.close(reason === "stopped" ? "plainwire was stopped" : "plainwire's relay crashed");
    withdraw();
    return { reason };
  });
  return {
    proxyUrl: relay.url,
    feed: { url: feed.url, token },
    apiUrl: feed.apiUrl,
    caPath: authority.certificatePath,
    caCreated: authority.created,
    source: flowLog,
    stopped,
    stop: async () => {
      relay.stop();
      await stopped;
    },
  };
}

/** An engine that can't be found by others still relays. */
function announceEngine(parts: Omit<Parts, "withdraw"> & { config: EngineConfig }): () => void {
  const { config, authority, flowLog, relay, feed, token } = parts;
  const { runtimeFolder, version, log } = config;
  const { pid } = process;
  const addresses = { proxy: relay.url, feed: feed.url, api: feed.apiUrl, ca: authority.certificatePath };
  if (runtimeFolder === undefined) return () => {};
  try {
    const startTime = startTimeOf(pid);
    return announce(runtimeFolder, { pid, startTime, ...addresses, token, epoch: flowLog.epoch, version });
  } catch (error) {
    log("warn", `plainwire attach will not find this engine: ${(error as Error).message}`);
    return () => {};
  }
}

function loadAuthority(dir: string): Authority {
  try {
    return loadOrCreateAuthority(dir);
  } catch (error) {
    if (error instanceof AuthorityError) throw new EngineError(error.message, { exitCode: 5, fix: error.fix });
    throw error;
  }
}

interface FeedParts {
  config: EngineConfig;
  authority: Authority;
  flowLog: FlowLog;
  relay: Relay;
  token: string;
}

async function openFeed({ config, authority, flowLog, relay, token }: FeedParts): Promise<Feed> {
  const { feed, insecure, version } = config;
  try {
    return await startFeed({
      listen: feed,
      token,
      source: flowLog,
      info: { version, pid: process.pid, proxy: () => relay.url, ca: authority.certificatePath, insecure },
    });
  } catch (error) {
    relay.stop();
    await relay.ended;
    throw cannotListen("feed", config, error as NodeJS.ErrnoException);
  }
}
