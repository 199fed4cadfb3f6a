/** A program in the foreground, on this process's terminal and pipes. */

import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { EXIT, ToldFailure } from "./explain.ts";
import type { Io, Signal } from "./io.ts";

export interface Program {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/** Resolves to the exit code, as a shell tells it: 128 and the signal's number if a signal ended the program. */
export async function runChild({ command, args, env, cwd }: Program, signals: ForwardedSignals): Promise<number> {
  if (signals.first !== null) return signalled(signals.first);
  const child = spawn(command, args, { stdio: "inherit", env, cwd });
  signals.forwardTo(child);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(notStarted(command, error)));
    child.on("exit", (code, signal) => resolve(signal === null ? (code ?? EXIT.unexpected) : signalled(signal)));
  });
}

/**
 * Signals that are a child's: they don't end this process, and are passed on. But what a terminal sends for Ctrl-C
 * goes to all processes in its foreground, the child among them, which must not get it twice: to many programs the
 * second one means "at once".
 */
export class ForwardedSignals {
  readonly #io: Io;
  readonly #listeners = new Map<Signal, () => void>();
  #child: ChildProcess | null = null;
  #first: Signal | null = null;

  constructor(io: Io) {
    this.#io = io;
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const listener = (): void => this.#onSignal(name);
      this.#listeners.set(name, listener);
      io.signals.on(name, listener);
    }
  }

  /** The first one that came while there was no child to have it. */
  get first(): Signal | null {
    return this.#first;
  }

  forwardTo(child: ChildProcess): void {
    this.#child = child;
  }

  close(): void {
    for (const [name, listener] of this.#listeners) this.#io.signals.off(name, listener);
  }

  #onSignal(name: Signal): void {
    if (this.#child === null) this.#first ??= name;
    else if (name !== "SIGINT" || !inForeground()) this.#child.kill(name);
  }
}

function signalled(signal: NodeJS.Signals): number {
  return 128 + os.constants.signals[signal];
}

function notStarted(command: string, error: NodeJS.ErrnoException): Error {
  const name = JSON.stringify(command);
  if (error.code === "ENOENT") return new ToldFailure(`there is no command ${name}`, EXIT.notFound, PATH_FIX);
  if (error.code === "EACCES")
    return new ToldFailure(`${name} can't be executed: ${error.message}`, EXIT.notExecutable);
  return new ToldFailure(`${name} can't be started: ${error.message}`, EXIT.notExecutable);
}

/** Whether this process is one of those that its terminal sends Ctrl-C to. */
function inForeground(): boolean {
  try {
    // proc(5): pid (comm) state ppid pgrp session tty_nr tpgid; the name may hold any character.
    const stat = fs.readFileSync("/proc/self/stat", "utf8");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  }
}

const PATH_FIX = "is it spelt as it is on the PATH?";
