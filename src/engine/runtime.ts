/**
 * The runtime folder (`Folders.runtime`): where a running engine leaves its addresses and its token for the same user's
 * other programs (interface.md, binding table). One folder an engine, named by its pid.
 */

import fs from "node:fs";
import path from "node:path";
import { complaintOf, isOwn, privateFolder } from "../machine/private-folder.ts";
import { isRunning } from "./process.ts";

/** What `session.json` holds. */
export interface EngineSession {
  pid: number;
  /** In ticks since boot; null where the platform doesn't tell. */
  startTime: number | null;
  /** "http://127.0.0.1:8080" */
  proxy: string;
  /** "ws://127.0.0.1:8081/v1/feed", without the token. */
  feed: string;
  /** "http://127.0.0.1:8081" */
  api: string;
  /** Path of the CA certificate. */
  ca: string;
  token: string;
  epoch: string;
  version: string;
}

/**
 * Writes the session's file, for nobody but its owner to read, and removes what engines left that were killed. Returns
 * what removes it again; that happens when the process exits, too. Throws, in words, if others could replace it.
 */
export function announce(folder: string, session: EngineSession): () => void {
  privateFolder(folder);
  removeStale(folder);
  const own = path.join(folder, String(session.pid));
  fs.mkdirSync(own, { mode: FOLDER_MODE });
  const remove = (): void => {
    process.off("exit", remove);
    fs.rmSync(own, { recursive: true, force: true });
  };
  process.on("exit", remove);
  // Under another name first: who looks must not find half a file.
  const draft = path.join(own, `${FILE}.new`);
  fs.writeFileSync(draft, `${JSON.stringify(session)}\n`, { mode: 0o600, flag: "wx" });
  fs.renameSync(draft, path.join(own, FILE));
  return remove;
}

/** The sessions of engines whose processes are there, newest first. Files that somebody else could have made are none. */
export function readSessions(folder: string): EngineSession[] {
  if (!isPrivate(folder)) return [];
  return pids(folder)
    .flatMap((pid) => readSession(path.join(folder, String(pid)), pid) ?? [])
    .filter(({ session: { pid, startTime } }) => isRunning(pid, startTime))
    .sort((a, b) => b.written - a.written)
    .map(({ session }) => session);
}

function removeStale(folder: string): void {
  for (const pid of pids(folder)) {
    const own = path.join(folder, String(pid));
    const startTime = readSession(own, pid)?.session.startTime ?? null;
    if (isOwnFolder(own) && !isRunning(pid, startTime)) fs.rmSync(own, { recursive: true, force: true });
  }
}

const pids = (folder: string): number[] =>
  fs
    .readdirSync(folder)
    .filter((name) => PID.test(name))
    .map(Number);

function readSession(own: string, pid: number): { session: EngineSession; written: number } | null {
  if (!isPrivate(own)) return null;
  try {
    const descriptor = fs.openSync(path.join(own, FILE), fs.constants.O_RDONLY | NO_FOLLOW | NON_BLOCKING);
    try {
      const stats = fs.fstatSync(descriptor);
      if (!stats.isFile() || stats.size > MOST_BYTES || complaintOf(stats) !== null) return null;
      const session: unknown = JSON.parse(fs.readFileSync(descriptor, "utf8"));
      return isSession(session) && session.pid === pid ? { session, written: stats.mtimeMs } : null;
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    // Just written, just removed, or not JSON: no engine that can be talked to.
    return null;
  }
}

function isSession(value: unknown): value is EngineSession {
  if (typeof value !== "object" || value === null) return false;
  const { pid, startTime, ...texts } = value as Partial<EngineSession>;
  if (!Number.isSafeInteger(pid) || (startTime !== null && !Number.isSafeInteger(startTime))) return false;
  return TEXTS.every((name) => typeof texts[name] === "string");
}

function isOwnFolder(folder: string): boolean {
  const stats = fs.lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && isOwn(stats);
}

/** Whether nobody else can read what is in the folder, or put something there. A link is no folder. */
function isPrivate(folder: string): boolean {
  const stats = fs.lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && complaintOf(stats) === null;
}

const FILE = "session.json";
const PID = /^[1-9]\d{0,9}$/;
const TEXTS = ["proxy", "feed", "api", "ca", "token", "epoch", "version"] as const;
const FOLDER_MODE = 0o700;
const MOST_BYTES = 16_384;
/** Windows has neither flag. */
const NO_FOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const NON_BLOCKING = fs.constants.O_NONBLOCK ?? 0;
