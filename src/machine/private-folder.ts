/** Folders that no other user can look into, or have put there to be written to. */

import fs from "node:fs";
import path from "node:path";
import { isAlive } from "./alive.ts";

/** Why a folder isn't used. `fix` says what to do. */
export class FolderError extends Error {
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.name = "FolderError";
    this.fix = fix;
  }
}

/** Makes the folder with mode 0700 unless it is there. Throws {@link FolderError} if it isn't, or isn't ours alone. */
export function privateFolder(folder: string): void {
  let stats: fs.Stats;
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // The link itself: it may lead to a folder of somebody else's choice.
    stats = fs.lstatSync(folder);
  } catch (error) {
    throw new FolderError(`the folder ${folder} can't be made: ${(error as Error).message}`, OTHER_PLACE);
  }
  if (!stats.isDirectory()) throw new FolderError(`${folder} is not a folder`, OTHER_PLACE);
  const complaint = complaintOf(stats);
  if (complaint === null) return;
  throw new FolderError(`${folder} ${complaint}`, isOwn(stats) ? `chmod 700 ${folder}` : OTHER_PLACE);
}

/** Why others could read a file or what is in a folder, or put something there; null if they can't. */
export function complaintOf(stats: fs.Stats): string | null {
  if (!isOwn(stats)) return "belongs to another user";
  const mode = stats.mode & 0o777;
  if (process.platform === "win32" || (mode & 0o077) === 0) return null;
  return `is open to other users (mode ${mode.toString(8).padStart(4, "0")})`;
}

/** Windows doesn't tell by these numbers. */
export function isOwn(stats: fs.Stats): boolean {
  return process.platform === "win32" || stats.uid === process.geteuid?.();
}

/**
 * A new folder in `parent` for this process: "run-4711-x3kQ9z". Those of processes that died without removing theirs
 * are removed on the way.
 */
export function processFolder(parent: string, prefix: string): string {
  privateFolder(parent);
  for (const name of fs.readdirSync(parent)) {
    const pid = new RegExp(`^${prefix}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeFolder(path.join(parent, name));
  }
  return fs.mkdtempSync(path.join(parent, `${prefix}-${process.pid}-`));
}

/** Whatever happens to it: a folder that stays is swept by a later start. */
export function removeFolder(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another process may be sweeping as well.
  }
}

const OTHER_PLACE = "set XDG_RUNTIME_DIR to a folder that is yours alone, or unset it";
