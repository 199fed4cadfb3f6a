/** A port at which connections are never made: what a firewall that drops packets looks like. */

import { once } from "node:events";
import net from "node:net";
import { Worker } from "node:worker_threads";

export interface BlackHole {
  port: number;
  close(): Promise<void>;
}

/**
 * A thread listens and then stands still, so nothing is accepted; once the backlog is full, Linux drops each SYN that
 * comes (and only Linux does: elsewhere they are refused).
 */
export async function openBlackHole(): Promise<BlackHole> {
  const worker = new Worker(LISTEN, { eval: true });
  const [port] = (await once(worker, "message")) as [number];
  const fillers: net.Socket[] = [];
  // The backlog holds one more than it says. The first that stays without an answer shows that it is full.
  for (let isFull = false; !isFull;) {
    const socket = net.connect(port, "127.0.0.1");
    fillers.push(socket.on("error", () => {}));
    isFull = await Promise.race([once(socket, "connect").then(() => false), longerThanLoopbackTakes()]);
  }
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}

function longerThanLoopbackTakes(): Promise<boolean> {
  return new Promise((resolve) => void setTimeout(() => resolve(true), 500));
}

const LISTEN = `
const net = require("node:net");
const { parentPort } = require("node:worker_threads");
const server = net.createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;
