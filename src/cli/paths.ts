/** `plainwire paths`: the folders and files that plainwire uses, whether they are there or not. */

import path from "node:path";
import type { Arguments } from "./arguments.ts";
import type { Io } from "./io.ts";
import { loadSettings } from "./load-settings.ts";
import { alignedRows } from "./table.ts";

export async function paths(parsed: Arguments, io: Io): Promise<number> {
  const { settings, places } = loadSettings(parsed, io);
  const rows: [string, string][] = [
    ["config", places.config],
    ["data", places.data],
    ["state", places.state],
    ["cache", places.cache],
    ["runtime", places.runtime],
    ["ca", path.join(settings.ca.dir, "ca.pem")],
    ["ca-key", path.join(settings.ca.dir, "ca-key.pem")],
    ["log", path.join(places.state, "engine.log")],
  ];
  io.stdout.write(alignedRows(rows));
  return 0;
}
