/** What can be known of another process by its id. Only Linux tells all of it. */

import fs from "node:fs";
import { isAlive } from "../machine/alive.ts";

/** When it started, in the kernel's ticks since boot: with the pid it names one process. Null where that is not told. */
export function startTimeOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // proc_pid_stat(5): the second field, the command in parentheses, may hold spaces and parentheses of its own.
  const time = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME]);
  return Number.isSafeInteger(time) ? time : null;
}

/** Whether the process that had this pid at that time is still there, and not another one. */
export function isRunning(pid: number, startTime: number | null): boolean {
  if (!isAlive(pid)) return false;
  const now = startTimeOf(pid);
  return startTime === null || now === null || now === startTime;
}

/** Its program's name, without the arguments, which may hold secrets. Another user chose it: not printable yet. */
export function commandOf(pid: number): string | null {
  // Not "comm": Node.js has it say "node-MainThread".
  const [program = ""] = (read(`/proc/${pid}/cmdline`) ?? "").split("\0");
  // Some rewrite it: "nginx: master process nginx".
  const name = program.slice(program.lastIndexOf("/") + 1).replace(/[: ].*$/s, "");
  return name === "" ? null : name.slice(0, MOST_NAME);
}

function read(file: string): string | null {
  try {
    return fs.readFileSync(file, "latin1");
  } catch {
    return null;
  }
}

/** Field 22, counted from the third, which follows the command. */
const START_TIME = 19;
const MOST_NAME = 64;
