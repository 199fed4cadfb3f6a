/** argv, read by the flags that the settings' schema defines. */

import { parseArgs, type ParseArgsConfig } from "node:util";
import type { FlagValues } from "../config/load.ts";
import { didYouMean } from "../config/nearest.ts";
import { type Option, OPTIONS } from "../config/options.ts";
import { UsageError } from "./explain.ts";

export interface Arguments {
  command: string;
  flags: FlagValues;
  /** `--config` */
  file: string | null;
  /** Hidden: standard input is a pipe whose end means that nobody is there any more. */
  lifeline: boolean;
}

/** Throws {@link UsageError}. */
export function parseArguments(argv: readonly string[]): Arguments {
  // Not strict: Node's own complaints name neither the flag that was meant nor where to read on.
  const { tokens } = parseArgs({
    args: [...argv],
    options: PARSE,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | boolean | string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind === "option") read(token, values);
  }
  if (words.length > 1) throw new UsageError(`unexpected argument ${JSON.stringify(words[1])}`);
  const file = values.get("config");
  return {
    command: words[0] ?? DEFAULT_COMMAND,
    flags: new Map(OPTIONS.flatMap(({ flag, name }) => pair(name, values.get(flag)))),
    file: typeof file === "string" ? file : null,
    lifeline: values.get("lifeline") === true,
  };
}

/** The same flags as an argv, for another process. */
export function toArgv({ flags, file }: Pick<Arguments, "flags" | "file">): string[] {
  const argv = file === null ? [] : [`--config=${file}`];
  for (const { name, flag } of OPTIONS) {
    const value = flags.get(name);
    if (typeof value === "boolean") argv.push(value ? `--${flag}` : `--no-${flag}`);
    else if (value !== undefined) argv.push(...[value].flat().map((text) => `--${flag}=${text}`));
  }
  return argv;
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function read(token: OptionToken, values: Map<string, string | boolean | string[]>): void {
  const { rawName, value } = token;
  const off = rawName.startsWith("--no-") && SWITCHES.has(rawName.slice("--no-".length));
  const name = off ? rawName.slice("--no-".length) : token.name;
  if (SWITCHES.has(name)) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    values.set(name, !off);
    return;
  }
  const kind = VALUED.get(name);
  if (kind === undefined) throw new UsageError(`unknown flag ${rawName}${didYouMean(rawName, KNOWN)}`);
  // "--listen --json": a flag was forgotten its value, not given one that looks like a flag.
  if (value === undefined || (value.startsWith("-") && token.inlineValue !== true)) {
    throw new UsageError(`${rawName} needs a value`);
  }
  values.set(name, kind === "list" ? [...[values.get(name) ?? []].flat().map(String), value] : value);
}

const pair = <K, V>(key: K, value: V | undefined): [K, V][] => (value === undefined ? [] : [[key, value]]);

const DEFAULT_COMMAND = "start";
const SWITCHES = new Set([...OPTIONS.filter(({ kind }) => kind === "switch").map(({ flag }) => flag), "lifeline"]);
const VALUED = new Map<string, Option["kind"]>([
  ...OPTIONS.filter(({ kind }) => kind !== "switch").map(({ flag, kind }) => [flag, kind] as const),
  ["config", "text"],
]);
const KNOWN = [...OPTIONS.map(({ flag }) => `--${flag}`), "--config", "--help", "--version"];
const PARSE: NonNullable<ParseArgsConfig["options"]> = {
  ...Object.fromEntries([...SWITCHES].map((name) => [name, { type: "boolean" as const }])),
  ...Object.fromEntries([...VALUED.keys()].map((name) => [name, { type: "string" as const }])),
};
