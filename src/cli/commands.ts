/** The commands, and how to load one: none is loaded that isn't asked for. */

import type { Arguments } from "./arguments.ts";
import type { Io } from "./io.ts";

export interface Command {
  summary: string;
  /** The ways to call it, without "plainwire". */
  usage: string[];
  /** Flags of its own; those of the settings every command understands. */
  flags: CommandFlag[];
  /** How many words may follow its name. */
  words: number;
  /** Whether a command may follow `--`. */
  takesCommand?: true;
  load(): Promise<(parsed: Arguments, io: Io, version: string) => Promise<number>>;
}

export interface CommandFlag {
  /** "--out FILE": the flag, and its value's placeholder unless it is a switch. */
  usage: `--${string}`;
  description: string;
}

export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    "start",
    {
      summary: "the proxy, with its terminal UI; headless where there is no terminal (the default command)",
      usage: ["[start] [flags]"],
      flags: [],
      words: 0,
      load: async () => (await import("./start.ts")).start,
    },
  ],
  [
    "attach",
    {
      summary: "the terminal UI of a plainwire that runs already, and goes on when the UI ends",
      usage: ["attach [--pid PID]"],
      flags: [{ usage: "--pid PID", description: "the one with this process ID, in place of the newest" }],
      words: 0,
      load: async () => (await import("./attach.ts")).attach,
    },
  ],
  [
    "run",
    {
      summary: "run a command whose traffic goes through a plainwire of its own",
      usage: ["run [flags] -- COMMAND [ARGUMENTS]"],
      flags: [
        { usage: "--print-env", description: "show which variables the command would be given, and run nothing" },
      ],
      words: 0,
      takesCommand: true,
      load: async () => (await import("./run.ts")).run,
    },
  ],
  [
    "env",
    {
      summary: 'what makes a shell\'s programs use plainwire, as sh commands: eval "$(plainwire env)"',
      usage: ["env [--proxy URL] [--ca FILE]", "env --unset"],
      flags: [
        { usage: "--proxy URL", description: "the proxy, in place of the address that the settings have" },
        { usage: "--ca FILE", description: "its CA certificate, in place of the one in the CA's folder" },
        { usage: "--unset", description: "the commands that undo it" },
      ],
      words: 0,
      load: async () => (await import("./env.ts")).env,
    },
  ],
  [
    "ca",
    {
      summary: "the CA: show it, or export its certificate (never its key)",
      usage: ["ca show", "ca export [--out FILE] [--format pem|der]"],
      flags: [
        { usage: "--out FILE", description: "export: a new file, in place of standard output" },
        { usage: "--format FORMAT", description: "export: pem (the default) or der" },
      ],
      words: 1,
      load: async () => (await import("./ca.ts")).ca,
    },
  ],
  [
    "config",
    {
      summary: "the settings: print those in effect, check a file, or say where the files are",
      usage: ["config print [--sources]", "config validate [FILE]", "config path"],
      flags: [{ usage: "--sources", description: "print: where each setting comes from" }],
      words: 2,
      load: async () => (await import("./config.ts")).config,
    },
  ],
  [
    "paths",
    {
      summary: "the folders and files that plainwire uses",
      usage: ["paths"],
      flags: [],
      words: 0,
      load: async () => (await import("./paths.ts")).paths,
    },
  ],
]);
