/** The hub's end of a relay thread: starts it, feeds its batches to the flow log, notices its end. */

import v8 from "node:v8";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Authority } from "../ca/authority.ts";
import type { BatchMessage } from "../capture/recorder.ts";
import type { FlowLog } from "../flow/log.ts";
import { formatHost } from "../wire/target.ts";
import type { FromRelay, RelayStart, ToRelay } from "./control.ts";
import type { EngineConfig } from "./config.ts";
import { EngineError } from "./error.ts";
import { cannotListen } from "./listen-error.ts";
import { watchStrays } from "./strays.ts";

export interface Relay {
  port: number;
  /** "http://127.0.0.1:8080" */
  url: string;
  /** Resolves once, when the thread is gone and its last batch was taken in. */
  ended: Promise<"stopped" | "relay-crashed">;
  /** Connections through the proxy to these ports of this machine are refused from now on. */
  guardPorts(ports: number[]): void;
  stop(): void;
}

export interface RelayOptions {
  config: EngineConfig;
  authority: Authority;
  flowLog: FlowLog;
}

/** Rejects with an {@link EngineError} if the relay can't listen. */
export async function startRelay({ config, authority, flowLog }: RelayOptions): Promise<Relay> {
  const { worker, drain } = spawn(config, authority, flowLog);
  const listening = await firstAnswer(worker, config);
  let stopping = false;
  const ended = new Promise<"stopped" | "relay-crashed">((resolve) => {
    worker.on("error", (error: Error) =>
      config.log("error", `the relay thread crashed: ${error.stack ?? error.message}`),
    );
    worker.on("exit", () => {
      drain();
      resolve(stopping ? "stopped" : "relay-crashed");
    });
  });
  worker.on("message", (message: FromRelay) => {
    if (message.type === "log") config.log(message.level, message.message);
  });
  const tell = (message: ToRelay): void => worker.postMessage(message);
  return {
    port: listening.port,
    url: `http://${formatHost(listening.host, listening.port)}`,
    ended,
    guardPorts: (ports) => tell({ type: "own-ports", ports }),
    stop() {
      if (stopping) return;
      stopping = true;
      tell({ type: "stop" });
      // A thread that is stuck must not keep the engine from ending.
      const patience = setTimeout(() => void worker.terminate(), STOP_MS);
      void ended.then(() => clearTimeout(patience));
    },
  };
}

/** `drain` takes in the batches that arrived and were not delivered yet. */
function spawn(config: EngineConfig, authority: Authority, flowLog: FlowLog): { worker: Worker; drain: () => void } {
  const { port1: records, port2 } = new MessageChannel();
  const acknowledged = new SharedArrayBuffer(4);
  const counter = new Int32Array(acknowledged);
  const lookForStrays = watchStrays(flowLog, config.log);
  const take = ({ buffer, length }: BatchMessage): void => {
    flowLog.accept(buffer, length);
    lookForStrays();
    Atomics.add(counter, 0, length);
    // A relay that is far ahead waits for this.
    Atomics.notify(counter, 0);
  };
  records.on("message", take);
  const start: RelayStart = {
    listen: config.listen,
    ca: { certificate: authority.certificatePem, key: authority.keyPem },
    upstreamCas: config.upstreamCas.map(({ pem }) => pem),
    insecure: config.insecure,
    limits: config.limits,
    capture: { bodyBytes: config.capture.bodyBytes, inFlightBytes: config.capture.inFlightBytes },
    acknowledged,
    records: port2,
  };
  // For the isolates that are made from now on: the relay's. Its heap is small and what it reads lies outside of it, so
  // V8's first guess at a limit means a full collection for every 27 MB relayed: a quarter of the CPU of a large body.
  v8.setFlagsFromString("--initial-old-space-size=128");
  const worker = new Worker(RELAY, { workerData: start, transferList: [port2], name: "relay", execArgv: [] });
  return { worker, drain: () => drainPort(records, take) };
}

function drainPort(port: MessageChannel["port1"], take: (message: BatchMessage) => void): void {
  for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
    take(received.message as BatchMessage);
  }
  port.close();
}

function firstAnswer(worker: Worker, config: EngineConfig): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromRelay): void => {
      if (message.type === "log") return config.log(message.level, message.message);
      worker.off("message", onMessage).off("error", onError);
      if (message.type === "listening") resolve(message);
      else if (message.type === "listen-failed") reject(cannotListen("listen", config, message));
    };
    const onError = (error: Error): void => {
      const fix = "check the files given with --upstream-ca";
      reject(new EngineError(`the relay could not start: ${error.message}`, { exitCode: 1, fix }));
    };
    worker.on("message", onMessage).on("error", onError);
  });
}

/** The thread's module has this file's own ending: .ts as written, .js as built. */
const RELAY = new URL(`./relay${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url);
const STOP_MS = 3000;
