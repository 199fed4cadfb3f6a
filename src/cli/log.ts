/** The log: one line a message, on standard error, safe for a terminal whoever chose the text. */

import type { Writable } from "node:stream";
import { printable } from "../flow/printable.ts";

export type Log = (level: "info" | "warn" | "error", message: string) => void;

/** While nobody reads `stream`, at most 1 MiB waits for them; later lines are counted instead. */
export function createLog(stream: Writable): Log {
  let dropped = 0;
  const write = (message: string): void => void stream.write(`plainwire: ${printable(message, "detail")}\n`);
  return (_level, message) => {
    if (stream.writableLength > MOST_WAITING) {
      dropped++;
      return;
    }
    if (dropped > 0) write(`${dropped} log lines were dropped, as nobody read standard error`);
    dropped = 0;
    write(message);
  };
}

const MOST_WAITING = 1_048_576;
