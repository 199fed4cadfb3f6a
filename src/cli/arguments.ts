/** argv, read by the flags that the settings' schema defines. */

import { parseArgs, type ParseArgsConfig } from "node:util";
import type { FlagValues } from "../config/load.ts";
import { didYouMean } from "../config/nearest.ts";
import { type Option, OPTIONS } from "../config/options.ts";
import { type CommandFlag, COMMANDS } from "./commands.ts";
import { UsageError } from "./explain.ts";

export interface Arguments {
  command: string;
  /** What follows the command: ["print"] of "config print". */
  words: string[];
  /** Flags of the command alone, without their dashes; true for a switch. */
  own: ReadonlyMap<string, string | true>;
  /** What follows `--`, for `run` alone. */
  rest: string[];
  flags: FlagValues;
  /** `--config` */
  file: string | null;
  /** Hidden: standard input is a pipe whose end means that nobody is there any more. */
  lifeline: boolean;
}

/** Throws {@link UsageError}. */
export function parseArguments(all: readonly string[]): Arguments {
  const { argv, rest } = splitAtDashes(all);
  // Not strict: Node's own complaints name neither the flag that was meant nor where to read on.
  const { tokens } = parseArgs({
    args: argv,
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
  const [command = DEFAULT_COMMAND, ...others] = words;
  checkWords(command, others, rest);
  const file = values.get("config");
  return {
    command,
    words: others,
    own: ownFlags(command, values),
    rest,
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

/** What stands after `--` is another program's. */
function splitAtDashes(all: readonly string[]): { argv: string[]; rest: string[] } {
  const at = all.indexOf("--");
  return at < 0 ? { argv: [...all], rest: [] } : { argv: all.slice(0, at), rest: all.slice(at + 1) };
}

/** A command that isn't known is not complained about here: it may be misspelt, which says more. */
function checkWords(command: string, words: string[], rest: string[]): void {
  const known = COMMANDS.get(command);
  if (known === undefined) return;
  const [unexpected] = [...words.slice(known.words), ...(known.takesCommand === true ? [] : rest)];
  if (unexpected === undefined) return;
  const hint = known.takesCommand === true ? `; -- stands before a command: plainwire ${known.usage[0]}` : "";
  throw new UsageError(`unexpected argument ${JSON.stringify(unexpected)}${hint}`);
}

function ownFlags(command: string, values: ReadonlyMap<string, unknown>): Arguments["own"] {
  const own = new Map<string, string | true>();
  for (const { flag, command: owner } of OWN) {
    const value = values.get(flag);
    if (value === undefined) continue;
    if (owner !== command) throw new UsageError(`--${flag} is a flag of plainwire ${owner}, not of ${command}`);
    if (value === true || typeof value === "string") own.set(flag, value);
  }
  return own;
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function read(token: OptionToken, values: Map<string, string | boolean | string[]>): void {
  const { rawName, value } = token;
  const off = rawName.startsWith("--no-") && SETTING_SWITCHES.has(rawName.slice("--no-".length));
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

/** "--out FILE" */
function split({ usage }: CommandFlag): { flag: string; arg: string } {
  const [flag = "", arg = ""] = usage.slice("--".length).split(" ");
  return { flag, arg };
}

const pair = <K, V>(key: K, value: V | undefined): [K, V][] => (value === undefined ? [] : [[key, value]]);

const DEFAULT_COMMAND = "start";
const OWN = [...COMMANDS].flatMap(([command, { flags }]) => flags.map((flag) => ({ command, ...split(flag) })));
const SETTING_SWITCHES = new Set(OPTIONS.filter(({ kind }) => kind === "switch").map(({ flag }) => flag));
const SWITCHES = new Set([
  ...SETTING_SWITCHES,
  ...OWN.filter(({ arg }) => arg === "").map(({ flag }) => flag),
  "lifeline",
]);
const VALUED = new Map<string, Option["kind"]>([
  ...OPTIONS.filter(({ kind }) => kind !== "switch").map(({ flag, kind }) => [flag, kind] as const),
  ...OWN.filter(({ arg }) => arg !== "").map(({ flag }) => [flag, "text"] as const),
  ["config", "text"],
]);
const KNOWN = [...[...OPTIONS, ...OWN].map(({ flag }) => `--${flag}`), "--config", "--help", "--version"];
const PARSE: NonNullable<ParseArgsConfig["options"]> = {
  ...Object.fromEntries([...SWITCHES].map((name) => [name, { type: "boolean" as const }])),
  ...Object.fromEntries([...VALUED.keys()].map((name) => [name, { type: "string" as const }])),
};
