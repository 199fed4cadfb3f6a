/** `plainwire --help`, made of the settings' schema. */

import { defaultText, OPTIONS } from "../config/options.ts";
import { COMMANDS } from "./commands.ts";

export function helpText(version: string): string {
  const commands = [...COMMANDS].map(([name, { summary }]): Row => [name, summary]);
  const flags = OPTIONS.map((option): Row => {
    const note = option.kind === "switch" ? "" : ` [${defaultText(option)}]`;
    return [option.usage, `${option.description}${note}`];
  });
  return [
    `plainwire ${version}: watch your own HTTPS traffic in plain text, in the terminal and from scripts`,
    "",
    "usage: plainwire [start] [flags]",
    "       plainwire COMMAND --help",
    "",
    ...table("commands", commands),
    ...table("flags", flags),
    ...table("other flags", OTHER),
    "Settings come from flags, then PLAINWIRE_* variables (PLAINWIRE_CA_DIR), then ./plainwire.config.json or --config,",
    "then config.json in the user's configuration folder. --no-json and its like switch off what another source set.",
    "",
    ...table("exit codes", EXIT_CODES),
  ].join("\n");
}

type Row = [left: string, right: string];

function table(title: string, rows: Row[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return [`${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`), ""];
}

const OTHER: Row[] = [
  ["--config FILE", "settings from this file, in place of ./plainwire.config.json"],
  ["-h, --help", "this text"],
  ["-v, --version", "the version"],
];

export const EXIT_CODES: Row[] = [
  ["0", "ended in order"],
  ["1", "an unexpected error, or the relay crashed"],
  ["2", "the command line or a setting is wrong"],
  ["3", "a port is in use"],
  ["4", "a permission is missing"],
  ["5", "the CA can't be used"],
  ["6", "attach: no plainwire runs"],
  ["126", "run: the command can't be executed"],
  ["127", "run: there is no such command"],
  ["130", "ended at once by a second SIGINT or SIGTERM"],
  ["other", "run: the command's own; 128 and the signal's number if a signal ended it"],
];
