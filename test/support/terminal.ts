/** A real terminal: tmux with a server of its own. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface TerminalOptions {
  columns: number;
  rows: number;
  /** A shell command; the terminal is gone when it ends. */
  command: string;
  /** A folder of this terminal's own. */
  cwd: string;
  env: NodeJS.ProcessEnv;
}

export interface Terminal {
  /** What is to be seen now. */
  screen(): Promise<string>;
  /** Resolves with the screen once it matches. */
  until(pattern: RegExp): Promise<string>;
  /** Keys as tmux names them: "Enter", "q", "C-c". */
  press(...keys: string[]): Promise<void>;
  /** A tmux format, such as "#{alternate_on}". */
  ask(format: string): Promise<string>;
  /** Pid of the shell that runs the command. */
  pid(): Promise<number>;
  close(): Promise<void>;
}

export async function openTerminal({ columns, rows, command, cwd, env }: TerminalOptions): Promise<Terminal> {
  const socket = "plainwire-test";
  const own = { ...env, TMUX_TMPDIR: cwd };
  const tmux = async (...args: string[]): Promise<string> => {
    // The user's own configuration might say anything.
    const { stdout } = await execute("tmux", ["-f", "/dev/null", "-L", socket, ...args], { env: own, cwd });
    return stdout;
  };
  await tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), command);
  const screen = (): Promise<string> => tmux("capture-pane", "-p");
  const ask = async (format: string): Promise<string> => (await tmux("display-message", "-p", format)).trim();
  return {
    screen,
    ask,
    async until(pattern) {
      for (;;) {
        const seen = await screen();
        if (pattern.test(seen)) return seen;
        await shortly();
      }
    },
    async press(...keys) {
      await tmux("send-keys", ...keys);
    },
    pid: async () => Number(await ask("#{pane_pid}")),
    async close() {
      await tmux("kill-server").catch(() => {});
    },
  };
}

/** Pids of a process's children. */
export async function childrenOf(pid: number): Promise<number[]> {
  const rows = (await execute("ps", ["-e", "-o", "pid=,ppid="])).stdout.trim().split("\n");
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

/** Resolves when the process has ended, whether or not somebody has asked how. */
export async function untilGone(pid: number): Promise<void> {
  while (await isAlive(pid)) await shortly();
}

async function isAlive(pid: number): Promise<boolean> {
  const state = await execute("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return !/^\s*(?:Z|$)/.test(state.stdout);
}

const shortly = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 50));
const execute = promisify(execFile);
