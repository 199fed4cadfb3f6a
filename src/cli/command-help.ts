/** `plainwire COMMAND --help`. The settings' flags are left to `plainwire --help`: their schema takes 0.1 s to load. */

import type { Command } from "./commands.ts";

export function commandHelp({ summary, usage, flags }: Command): string {
  const width = Math.max(...flags.map((flag) => flag.usage.length));
  const list = flags.map((flag) => `  ${flag.usage.padEnd(width)}  ${flag.description}`);
  return [
    summary,
    "",
    ...usage.map((line, index) => `${index === 0 ? "usage:" : "      "} plainwire ${line}`),
    "",
    ...(list.length === 0 ? [] : ["flags:", ...list, ""]),
    "The settings' flags, and exit codes: plainwire --help",
    "",
  ].join("\n");
}
