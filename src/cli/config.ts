/** `plainwire config print|validate|path`. */

import fs from "node:fs";
import path from "node:path";
import { folders } from "../config/folders.ts";
import { checkConfigFile, configFiles } from "../config/load.ts";
import { settingsText } from "../config/print.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./explain.ts";
import type { Io } from "./io.ts";
import { loadSettings } from "./load-settings.ts";
import { subcommand } from "./subcommand.ts";

export async function config(parsed: Arguments, io: Io): Promise<number> {
  const name = subcommand(parsed, ["print", "validate", "path"]);
  const [, file] = parsed.words;
  if (file !== undefined && name !== "validate") throw new UsageError(`unexpected argument ${JSON.stringify(file)}`);
  io.stdout.write(ANSWERS[name](parsed, io));
  return 0;
}

const ANSWERS = {
  print(parsed: Arguments, io: Io): string {
    const loaded = loadSettings(parsed, io);
    return settingsText(loaded.settings, parsed.own.has("sources") ? loaded.origins : null);
  },

  validate(parsed: Arguments, io: Io): string {
    const [, file] = parsed.words;
    if (file === undefined) {
      loadSettings(parsed, io);
      return "the settings are valid, in all their sources\n";
    }
    checkConfigFile(path.resolve(io.cwd, file), file);
    return `${file}: valid\n`;
  },

  path({ file }: Arguments, io: Io): string {
    const files = configFiles({ file, env: io.env, cwd: io.cwd, folders: folders(io.env) });
    // As with PATH, the first one wins.
    const lines = files.toReversed().map((one) => `${one.file}${fs.existsSync(one.file) ? "" : " (not there)"}\n`);
    return lines.join("");
  },
};
