/** Settings from all their sources: flags > environment > project file > user's file > defaults. */

import path from "node:path";
import type { Folders } from "./folders.ts";
import { fileLayer } from "./file.ts";
import { ConfigError, type Issue, type Layer } from "./layer.ts";
import { nearest } from "./nearest.ts";
import { type Option, OPTIONS } from "./options.ts";
import { type Config, configSchema } from "./schema.ts";

/** What the flags on the command line said, by option name ("ca.dir"). */
export type FlagValues = ReadonlyMap<string, string | boolean | string[]>;

/** All settings, with absolute paths. */
export type Settings = Config & { ca: { dir: string } };

export interface Sources {
  flags: FlagValues;
  /** What `--config` named, or null. */
  file: string | null;
  env: NodeJS.ProcessEnv;
  cwd: string;
  folders: Folders;
}

export interface Loaded {
  settings: Settings;
  /** Sentences for the log. */
  warnings: string[];
  /** Option name to where its value stands ("--listen", "config.json:3:5"); those that nobody set are not in it. */
  origins: ReadonlyMap<string, string>;
}

/** Throws {@link ConfigError} with all that is wrong in any of the sources. */
export function loadConfig(sources: Sources): Loaded {
  const { env, cwd, folders } = sources;
  const files = configFiles(sources).map(({ file, need, shown }) => fileLayer(file, need, shown));
  const layers = [...files.filter((layer) => layer !== null), envLayer(env, cwd), flagLayer(sources.flags, cwd)];
  const complaints = layers.flatMap(complaintsOf);
  if (complaints.length > 0) throw new ConfigError(complaints);

  let values: Values = {};
  for (const layer of layers) values = merge(values, absolute(layer));
  const config = configSchema.parse(values);
  const settings = { ...config, ca: { dir: config.ca.dir ?? path.join(folders.data, "ca") } };
  return { settings, warnings: unknownVariables(env), origins: originsIn(layers) };
}

export interface ConfigFile {
  file: string;
  need: "optional" | "required";
  /** How complaints name it. */
  shown: string;
}

/** The files that are read, the weakest first. */
export function configFiles({ file, env, cwd, folders }: Omit<Sources, "flags">): ConfigFile[] {
  const user = path.join(folders.config, "config.json");
  const named = file ?? env["PLAINWIRE_CONFIG"] ?? null;
  const project = path.join(cwd, PROJECT_FILE);
  return [
    { file: user, need: "optional", shown: user },
    named === null
      ? { file: project, need: "optional", shown: project }
      : { file: path.resolve(cwd, named), need: "required", shown: named },
  ];
}

/** Checks one file alone. Throws {@link ConfigError} with all that is wrong in it. */
export function checkConfigFile(file: string, shown: string): void {
  const layer = fileLayer(file, "required", shown);
  const complaints = layer === null ? [] : complaintsOf(layer);
  if (complaints.length > 0) throw new ConfigError(complaints);
}

function originsIn(layers: Layer[]): Loaded["origins"] {
  const origins = new Map<string, string>();
  for (const layer of layers) {
    for (const option of OPTIONS) {
      if (getAt(layer.values, option.path) !== undefined) origins.set(option.name, layer.where({ path: option.path }));
    }
  }
  return origins;
}

type Values = { [key: string]: unknown };

function envLayer(env: NodeJS.ProcessEnv, base: string): Layer {
  const values: Values = {};
  for (const option of OPTIONS) {
    const text = env[option.variable];
    if (text !== undefined && text !== "") setAt(values, option.path, fromEnv(option, text));
  }
  return { values, base, where: (issue) => optionAt(issue)?.variable ?? "environment" };
}

function fromEnv(option: Option, text: string): unknown {
  if (option.kind === "list") return text.split(path.delimiter).filter((part) => part !== "");
  if (option.kind === "switch") return SWITCH.get(text.toLowerCase()) ?? text;
  return text;
}

function flagLayer(flags: FlagValues, base: string): Layer {
  const values: Values = {};
  for (const option of OPTIONS) {
    const value = flags.get(option.name);
    if (value !== undefined) setAt(values, option.path, value);
  }
  return { values, base, where: (issue) => `--${optionAt(issue)?.flag ?? "?"}` };
}

/** What is wrong in one layer, a sentence each, with its place. */
function complaintsOf(layer: Layer): string[] {
  const result = configSchema.safeParse(layer.values);
  if (result.success) return [];
  return result.error.issues.flatMap((found) => {
    const issue: Issue = { path: found.path.map((key) => (typeof key === "number" ? key : String(key))) };
    if (found.code !== "unrecognized_keys") return [`${layer.where(issue)}: ${found.message}`];
    return found.keys.map((key) => `${layer.where({ ...issue, key })}: unknown key "${key}"${meant(issue.path, key)}`);
  });
}

function meant(at: Issue["path"], key: string): string {
  const inside = OPTIONS.filter((option) => at.every((part, index) => option.path[index] === part));
  const sibling = nearest(key, new Set(inside.map((option) => option.path[at.length] ?? "")));
  const elsewhere = OPTIONS.find((option) => option.path.at(-1) === key || option.flag === key)?.name;
  const found = sibling ?? elsewhere;
  return found === undefined ? "" : `; did you mean "${found}"?`;
}

/** A copy with the paths that stand in it made absolute, from where they were written. */
function absolute(layer: Layer): Values {
  const values = structuredClone(layer.values) as Values;
  for (const option of OPTIONS) {
    const value = option.arg === "DIR" || option.arg === "FILE" ? getAt(values, option.path) : undefined;
    if (typeof value === "string") setAt(values, option.path, path.resolve(layer.base, value));
    if (Array.isArray(value))
      setAt(
        values,
        option.path,
        value.map((file) => path.resolve(layer.base, String(file))),
      );
  }
  return values;
}

function merge(below: Values, above: Values): Values {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = below[key];
    merged[key] = isValues(value) && isValues(under) ? merge(under, value) : value;
  }
  return merged;
}

function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = new Set([...OPTIONS.map((option) => option.variable), ...OTHER_VARIABLES]);
  return Object.keys(env)
    .filter((name) => name.startsWith("PLAINWIRE_") && !known.has(name))
    .map((name) => {
      const found = nearest(name, known);
      return `${name} is not a setting and was ignored${found === null ? "" : `; did you mean ${found}?`}`;
    });
}

function optionAt(issue: Issue): Option | undefined {
  return OPTIONS.find((option) => option.path.every((key, index) => issue.path[index] === key));
}

function getAt(values: Values, keys: string[]): unknown {
  return keys.reduce<unknown>((at, key) => (isValues(at) ? at[key] : undefined), values);
}

function setAt(values: Values, keys: string[], value: unknown): void {
  const [key = "", ...rest] = keys;
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const inner = values[key];
  const next = isValues(inner) ? inner : {};
  values[key] = next;
  setAt(next, rest, value);
}

const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const PROJECT_FILE = "plainwire.config.json";
const SWITCH = new Map([
  ["1", true],
  ["true", true],
  ["on", true],
  ["yes", true],
  ["0", false],
  ["false", false],
  ["off", false],
  ["no", false],
]);
/** Variables of that prefix which are no settings: the last three are what `run` gives to its children. */
const OTHER_VARIABLES = ["PLAINWIRE_CONFIG", "PLAINWIRE_ACTIVE", "PLAINWIRE_RUN", "PLAINWIRE_FEED_FILE"];
