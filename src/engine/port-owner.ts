/** Who listens on a port of this machine, and which ports nobody listens on. Only Linux tells: proc_net(5). */

import fs from "node:fs";
import { isIPv4 } from "node:net";
import { commandOf } from "./process.ts";

export interface PortOwner {
  pid: number;
  /** Its program's name, not printable yet. */
  command: string;
}

/** Null where it isn't told: on other platforms, and of other users' processes. */
export function portOwner(host: string, port: number): PortOwner | null {
  const inodes = listeners()
    .filter((listener) => listener.port === port && collides(listener, host))
    .map(({ inode }) => `socket:[${inode}]`);
  if (inodes.length === 0) return null;
  const pid = processes().find((process) => holds(process, inodes));
  const command = pid === undefined ? null : commandOf(pid);
  return pid === undefined || command === null ? null : { pid, command };
}

/** The first port after `port` that nobody listens on, on any address, and that isn't one of `taken`. */
export function freePort(port: number, taken: readonly number[]): number | null {
  const all = listeners();
  if (all.length === 0) return null;
  const used = new Set([...all.map((listener) => listener.port), ...taken]);
  for (let next = port + 1; next <= MAX_PORT; next++) if (!used.has(next)) return next;
  return null;
}

interface Listener {
  /** Hexadecimal, as the kernel writes it: an IPv4 address is a number in this machine's byte order. */
  address: string;
  port: number;
  inode: string;
}

function listeners(): Listener[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => {
    const rows = readText(file).split("\n").slice(1);
    return rows.flatMap((row) => {
      const fields = row.trim().split(/\s+/);
      const [address = "", port = ""] = (fields[1] ?? "").split(":");
      const inode = fields[9];
      return fields[3] === LISTEN && inode !== undefined ? { address, port: Number.parseInt(port, 16), inode } : [];
    });
  });
}

/** Whether nobody else can listen on `host` beside it. For IPv6 and for names, any listener on the port may be meant. */
function collides({ address }: Listener, host: string): boolean {
  const asked = isIPv4(host) && address.length === IPV4_DIGITS ? hexOf(host) : null;
  return asked === null || asked === ANY_IPV4 || address === ANY_IPV4 || address === asked;
}

function hexOf(ipv4: string): string {
  const bytes = new Uint8Array(ipv4.split(".").map(Number));
  const [number = 0] = new Uint32Array(bytes.buffer);
  return number.toString(16).toUpperCase().padStart(IPV4_DIGITS, "0");
}

function processes(): number[] {
  return names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function holds(pid: number, inodes: string[]): boolean {
  const folder = `/proc/${pid}/fd`;
  return names(folder).some((name) => inodes.includes(linkOf(`${folder}/${name}`)));
}

/** Processes and descriptors come and go while this looks, and other users' can't be read. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

const names = (folder: string): string[] => attempt(() => fs.readdirSync(folder), []);
const linkOf = (file: string): string => attempt(() => fs.readlinkSync(file), "");
const readText = (file: string): string => attempt(() => fs.readFileSync(file, "latin1"), "");

/** TCP_LISTEN. */
const LISTEN = "0A";
const IPV4_DIGITS = 8;
const ANY_IPV4 = "00000000";
const MAX_PORT = 65_535;
