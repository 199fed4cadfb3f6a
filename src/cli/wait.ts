/** Waiting in a terminal, with a key to give up. */

import type { Readable } from "node:stream";
import type { Io } from "./io.ts";

/** Asks `find` again and again; resolves to what it found, or to null when the user quits or the terminal is gone. */
export async function untilFoundOrQuit<T>(find: () => Promise<T | null>, io: Io): Promise<T | null> {
  const quit = new AbortController();
  const stop = onQuit(io, () => quit.abort());
  try {
    while (!quit.signal.aborted) {
      const found = await find();
      if (found !== null) return found;
      await pause(quit.signal);
    }
    return null;
  } finally {
    stop();
  }
}

/** Returns what gives the terminal back. */
function onQuit({ stdin, signals }: Io, quit: () => void): () => void {
  const terminal: Readable & { setRawMode?: (raw: boolean) => unknown } = stdin;
  const onKeys = (keys: Buffer): void => {
    if (keys.some((byte) => QUIT.has(byte))) quit();
  };
  terminal.setRawMode?.(true);
  terminal.on("data", onKeys).on("end", quit).on("error", quit).resume();
  for (const name of SIGNALS) signals.on(name, quit);
  return () => {
    for (const name of SIGNALS) signals.off(name, quit);
    terminal.off("data", onKeys).off("end", quit).off("error", quit).pause();
    terminal.setRawMode?.(false);
  };
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, AGAIN_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Ctrl-C, Ctrl-D, Q, q: in raw mode, Ctrl-C is a byte and no signal. */
const QUIT: ReadonlySet<number> = new Set([0x03, 0x04, 0x51, 0x71]);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const AGAIN_MS = 250;
