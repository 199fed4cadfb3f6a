/** The relay thread: listens, relays, records. Started by `start.ts` with `RelayStart`; speaks `control.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import { createLeafContexts } from "../ca/contexts.ts";
import { createMinter } from "../ca/leaf.ts";
import { Recorder } from "../capture/recorder.ts";
import type { RelayContext } from "../proxy/context.ts";
import { listen } from "../proxy/listener.ts";
import { upstreamRoots } from "../tls/trust.ts";
import { UpstreamTrust } from "../tls/upstream-trust.ts";
import type { FromRelay, RelayStart, ToRelay } from "./control.ts";

async function main(start: RelayStart): Promise<void> {
  const ownPorts = new Set<number>();
  const relay = createRelay(start, ownPorts);
  const options = {
    ...start.listen,
    connections: start.limits.connections,
    warn: (message: string) => log("warn", message),
  };
  const listener = await listen(relay, options).catch((error: NodeJS.ErrnoException) => {
    tell({ type: "listen-failed", code: error.code ?? "", message: error.message });
  });
  if (listener === undefined) return;
  parentPort?.on("message", (message: ToRelay) => {
    if (message.type === "own-ports") for (const port of message.ports) ownPorts.add(port);
    else void stop(relay, listener);
  });
  tell({ type: "listening", host: listener.host, port: listener.port });
}

function createRelay(start: RelayStart, ownPorts: ReadonlySet<number>): RelayContext {
  const { limits, capture } = start;
  let connections = 0;
  let exchanges = 0;
  return {
    recorder: new Recorder({
      port: start.records,
      acknowledged: start.acknowledged,
      inFlightBytes: capture.inFlightBytes,
    }),
    leaves: createLeafContexts(createMinter(start.ca)),
    trust: upstreamTrust(start),
    insecure: start.insecure,
    dialOptions: { timeoutMs: limits.connectTimeoutMs, ownPorts },
    bodyBytes: capture.bodyBytes,
    headBytes: limits.headBytes,
    headTimeoutMs: limits.headTimeoutMs,
    handshakeTimeoutMs: limits.handshakeTimeoutMs,
    nextConnection: () => ++connections,
    nextExchange: () => ++exchanges,
  };
}

function upstreamTrust(start: RelayStart): UpstreamTrust {
  const { roots, warnings } = upstreamRoots(start.upstreamCas, [start.ca.certificate]);
  for (const warning of warnings) log("warn", warning);
  return new UpstreamTrust(roots);
}

async function stop(relay: RelayContext, listener: { close(): Promise<void> }): Promise<void> {
  // What is still open is ended by the hub, as "shutdown": the closes that follow are ours, not the peers'.
  relay.recorder.seal();
  await listener.close();
  // Nothing is left to do then, so the thread ends, which says it all.
  parentPort?.close();
}

function log(level: "info" | "warn" | "error", message: string): void {
  tell({ type: "log", level, message });
}

function tell(message: FromRelay): void {
  parentPort?.postMessage(message);
}

await main(workerData as RelayStart);
