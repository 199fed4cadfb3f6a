/** `plainwire ca show|export`. Neither makes a CA, and neither reads its key. */

import type { X509Certificate } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { printable } from "../flow/printable.ts";
import type { Arguments } from "./arguments.ts";
import { readCaCertificate } from "./ca-certificate.ts";
import { EXIT, ToldFailure, UsageError } from "./explain.ts";
import type { Io } from "./io.ts";
import { loadSettings } from "./load-settings.ts";
import { subcommand } from "./subcommand.ts";
import { alignedRows } from "./table.ts";

export async function ca(parsed: Arguments, io: Io): Promise<number> {
  const name = subcommand(parsed, ["show", "export"]);
  const { dir } = loadSettings(parsed, io).settings.ca;
  const file = path.join(dir, "ca.pem");
  const certificate = readCaCertificate(file);
  if (name === "show") io.stdout.write(description(certificate, file, path.join(dir, "ca-key.pem")));
  else exportCertificate(certificate, parsed.own, io);
  return 0;
}

function description(certificate: X509Certificate, file: string, keyFile: string): string {
  const { subject, fingerprint256, validFromDate, validToDate } = certificate;
  const expired = validToDate < new Date() ? " (expired)" : "";
  const rows: [string, string][] = [
    // Node writes one attribute a line, and a backslash before a comma.
    ["subject", subject.replaceAll(/\\([^0-9A-Fa-f])/g, "$1").replaceAll("\n", ", ")],
    ["SHA-256", fingerprint256],
    ["valid from", validFromDate.toISOString()],
    ["valid to", `${validToDate.toISOString()}${expired}`],
    ["certificate", file],
    ["key", keyDescription(keyFile)],
  ];
  return alignedRows(rows.map(([name, value]) => [name, printable(value, "detail")]));
}

function keyDescription(file: string): string {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return `${file} (missing)`;
  if (!stats.isFile()) return `${file} (not a file)`;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  const open = process.platform !== "win32" && (stats.mode & 0o077) !== 0;
  return `${file} (mode ${mode}${open ? ": OPEN TO OTHER USERS, so plainwire refuses it" : ""})`;
}

function exportCertificate(certificate: X509Certificate, own: Arguments["own"], io: Io): void {
  const format = own.get("format") ?? "pem";
  if (format !== "pem" && format !== "der") {
    throw new UsageError(`--format: expected pem or der, not ${JSON.stringify(format)}`);
  }
  const bytes = format === "pem" ? Buffer.from(certificate.toString()) : certificate.raw;
  const out = own.get("out");
  if (typeof out === "string") return writeNew(path.resolve(io.cwd, out), bytes);
  if (format === "der" && io.stdout.isTTY === true) {
    throw new UsageError("DER is binary, and standard output a terminal: name a file with --out FILE");
  }
  io.stdout.write(bytes);
}

/** Never over another file: it might be the key. */
function writeNew(file: string, bytes: Buffer): void {
  try {
    fs.writeFileSync(file, bytes, { flag: "wx", mode: 0o644 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new ToldFailure(`${file} exists already`, EXIT.usage, "remove it, or name another file");
    throw new ToldFailure(`${file} can't be written: ${message}`, EXIT.permission, "name another file with --out");
  }
}
