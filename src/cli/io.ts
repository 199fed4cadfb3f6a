/** What a command has of the process it runs in, so that tests can give it another one. */

import type { Readable, Writable } from "node:stream";

export interface Io {
  /** Without node and the script. */
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable;
  /** Where signals are heard. */
  signals: { on(name: Signal, listener: () => void): unknown; off(name: Signal, listener: () => void): unknown };
  /** The Node.js that runs, and the script it runs: how to start another plainwire. */
  execPath: string;
  entry: string;
  /** Ends the process at once, whatever is under way. */
  exit(code: number): void;
}

export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";
