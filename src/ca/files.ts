/** The CA's files on disk: written whole or not at all, and never trusted blindly. */

import { createPrivateKey, type KeyObject, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { AuthorityError, isSystemError, moveAway, reasonOf, shellPath } from "./refusal.ts";

export const KEY_MODE = 0o600;

export interface PrivateKeyFile {
  pem: string;
  object: KeyObject;
}

/**
 * Puts a new file there, with this mode whatever the umask is. Returns false, and leaves the file alone, if another
 * process was first.
 */
export function publish(path: string, text: string, mode: number): boolean {
  const draft = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  try {
    writeDraft(draft, text, mode);
    return linkExclusively(draft, path);
  } catch (error) {
    throw new AuthorityError(`${path} can't be written: ${reasonOf(error)}`, "Give another folder with --ca-dir DIR");
  } finally {
    removeIfThere(draft);
  }
}

/** Reads the CA's key if it is safe: a file of our own that nobody else can read. Returns null if there is none. */
export function readPrivateKey(path: string): PrivateKeyFile | null {
  let descriptor: number;
  try {
    // Not followed: a link may lead to a file of somebody else's choice. Not blocking: it may be a named pipe.
    descriptor = openSync(path, constants.O_RDONLY | NO_FOLLOW | NON_BLOCKING);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return null;
    throw unreadable(path, error);
  }
  try {
    checkKeyFile(fstatSync(descriptor), path);
    return parseKey(readFileSync(descriptor, "latin1"), path);
  } finally {
    closeSync(descriptor);
  }
}

function writeDraft(path: string, text: string, mode: number): void {
  const descriptor = openSync(path, "wx", KEY_MODE);
  try {
    fchmodSync(descriptor, mode);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function linkExclusively(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    return copyExclusively(draft, path);
  }
}

/** For file systems without hard links (FAT, some network mounts). */
function copyExclusively(draft: string, path: string): boolean {
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
}

function checkKeyFile(stats: Stats, path: string): void {
  const file = shellPath(path);
  if (!stats.isFile()) {
    throw new AuthorityError(`the CA's key ${path} is not a file`, `Move it away: ${moveAway(path)}`);
  }
  if (stats.size > MAX_KEY_BYTES) throw notAKey(path, "it is too large");
  if (process.platform === "win32") return;
  if (stats.uid !== process.geteuid?.()) {
    const why = "who owns it can read every connection that your clients trust it for";
    throw new AuthorityError(`the CA's key ${path} belongs to another user: ${why}`, `sudo chown "$(id -u)" ${file}`);
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
    const why = "who reads it can impersonate any site to the clients that trust it";
    throw new AuthorityError(`the CA's key ${path} is open to other users (mode ${mode}): ${why}`, `chmod 600 ${file}`);
  }
}

function parseKey(pem: string, path: string): PrivateKeyFile {
  let object: KeyObject;
  try {
    object = createPrivateKey(pem);
  } catch {
    throw notAKey(path, pem.includes("ENCRYPTED") ? "it is encrypted with a passphrase" : "it does not parse");
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = object;
  const curve = details?.namedCurve ?? "";
  const usable = type === "ec" ? CURVES.includes(curve) : type === "rsa" && (details?.modulusLength ?? 0) >= 2048;
  if (!usable) throw notAKey(path, "plainwire uses EC keys on P-256 or P-384, and RSA keys of at least 2048 bits");
  return { pem, object };
}

function notAKey(path: string, why: string): AuthorityError {
  return new AuthorityError(
    `the CA's key ${path} is not a PEM private key that plainwire can use: ${why}`,
    `Put such a key there, or move it away together with ca.pem and have a new CA made: ${moveAway(path)}`,
  );
}

function unreadable(path: string, error: unknown): AuthorityError {
  const file = shellPath(path);
  if (isSystemError(error, "ELOOP")) {
    const why = "plainwire follows none, as it may lead to a file of somebody else's choice";
    return new AuthorityError(
      `the CA's key ${path} is a symbolic link: ${why}`,
      `cp --remove-destination "$(readlink -f ${file})" ${file}`,
    );
  }
  const fix = isSystemError(error, "EACCES") ? `ls -ld ${file} "$(dirname ${file})"` : `ls -l ${file}`;
  return new AuthorityError(`the CA's key ${path} can't be read: ${reasonOf(error)}`, fix);
}

/** Windows has neither flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCKING = constants.O_NONBLOCK ?? 0;

const CURVES = ["prime256v1", "secp384r1"];
/** An RSA key of 16,384 bits has 13 KB. */
const MAX_KEY_BYTES = 64 * 1024;
