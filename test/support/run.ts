/** Runs a program to its end, in an environment that names no proxy and no CA but those of the test. */

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface Ran {
  /** Exit code, or null if a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Goes to standard input, which is closed then. */
  input?: string | Buffer | Readable;
  /** Takes standard output in place of `Ran.stdout`. */
  onOutput?: (chunk: Buffer) => void;
}

export function run(program: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd, input = "", env = {} } = options;
  const child = spawn(program, args, { env: { ...cleanEnvironment(), ...env }, ...(cwd === undefined ? {} : { cwd }) });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", options.onOutput ?? ((chunk: Buffer) => void stdout.push(chunk)));
  child.stderr.on("data", (chunk: Buffer) => void stderr.push(chunk));
  // A program may end without having read its input.
  child.stdin.on("error", () => {});
  if (typeof input === "string" || Buffer.isBuffer(input)) child.stdin.end(input);
  else input.pipe(child.stdin);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/** This process's environment without what would lead a client elsewhere, or make it trust something else. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !LEADING.test(name)));
}

const LEADING = /^(?:\w+_proxy|SSL_CERT_\w+|CURL_\w+|NODE_\w+|SSLKEYLOGFILE|XDG_\w+|PLAINWIRE_\w+|VITEST\w*|TMUX\w*)$/i;
