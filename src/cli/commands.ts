/** The commands, and how to load one: none is loaded that isn't asked for. */

import type { Arguments } from "./arguments.ts";
import type { Io } from "./io.ts";

export interface Command {
  summary: string;
  load(): Promise<(parsed: Arguments, io: Io, version: string) => Promise<number>>;
}

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  [
    "start",
    {
      summary: "the proxy, with its terminal UI; headless where there is no terminal (the default command)",
      load: async () => (await import("./start.ts")).start,
    },
  ],
]);
