/** The files that a child's environment points to. */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { ChildPlaces } from "./child-env.ts";

export interface ChildFilesInput {
  proxy: string;
  /** Path of the CA's certificate. */
  ca: string;
  /** PEM of the CA's certificate, and of the roots that a program has without plainwire. */
  caPem: string;
  roots: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** Where the files will be in `folder`, whether they are there or not. */
export function childPlaces(folder: string, { proxy, ca }: Pick<ChildFilesInput, "proxy" | "ca">): ChildPlaces {
  return { proxy, ca, bundle: path.join(folder, "ca-bundle.pem"), wgetrc: path.join(folder, "wgetrc") };
}

/** Writes them, readable by their owner only: a wgetrc may hold passwords. Each appears whole. */
export function writeChildFiles(folder: string, input: ChildFilesInput): ChildPlaces {
  const places = childPlaces(folder, input);
  publish(places.bundle, [...input.roots, input.caPem].map((pem) => `${pem.trim()}\n`).join(""));
  publish(places.wgetrc, wgetrc(input, places));
  return places;
}

/** The last of two settings holds. Those of the file win over the environment's variables. */
function wgetrc({ proxy, env }: ChildFilesInput, { bundle }: ChildPlaces): string {
  const ours = [
    OURS,
    `ca_certificate = ${bundle}`,
    "use_proxy = on",
    `http_proxy = ${proxy}`,
    `https_proxy = ${proxy}`,
    "no_proxy =",
  ];
  const users = usersWgetrc(env);
  const gap = users === "" || users.endsWith("\n") ? "" : "\n";
  return `${users}${gap}${ours.join("\n")}\n`;
}

/** The file that wget would read, without what plainwire added to it before. One that can't be read is none. */
function usersWgetrc(env: NodeJS.ProcessEnv): string {
  try {
    const text = fs.readFileSync(env["WGETRC"] ?? path.join(env["HOME"] ?? os.homedir(), ".wgetrc"), "utf8");
    return text.split(OURS)[0] ?? "";
  } catch {
    return "";
  }
}

function publish(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  fs.rmSync(draft, { force: true });
  fs.writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
  fs.renameSync(draft, file);
}

const OURS = "# What plainwire adds:";
