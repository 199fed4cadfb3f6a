/** `plainwire run -- COMMAND`: a command whose traffic goes through an engine of its own. */

import path from "node:path";
import type { Settings } from "../config/load.ts";
import { ECOSYSTEMS, gitProxy, type Variables } from "../machine/child-env.ts";
import { childPlaces } from "../machine/child-files.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./explain.ts";
import type { Io } from "./io.ts";
import { loadSettings } from "./load-settings.ts";

/** Resolves to the command's exit code. */
export async function run(parsed: Arguments, io: Io, version: string): Promise<number> {
  const { settings, places } = loadSettings(parsed, io);
  if (parsed.own.has("print-env")) return printEnvironment(settings, places.runtime, io);

  const [command, ...args] = parsed.rest;
  if (command === undefined) throw new UsageError("run needs a command: plainwire run -- curl https://example.com");
  const [{ runInEngine }, { startEngine }, { upstreamRoots }] = await Promise.all([
    import("./run-in-engine.ts"),
    import("../engine/start.ts"),
    import("../tls/trust.ts"),
  ]);
  const options = { settings: ownPorts(settings, parsed), version, runtimeFolder: places.runtime };
  return runInEngine({ ...options, command, args, startEngine, roots: () => upstreamRoots([]).roots }, io);
}

/** The configured ports are those of the plainwire that all may use. This one is for its child: any will do. */
function ownPorts(settings: Settings, { flags }: Arguments): Settings {
  const any = { host: "127.0.0.1", port: 0 };
  return {
    ...settings,
    listen: flags.has("listen") ? settings.listen : any,
    feed: flags.has("feed") ? settings.feed : any,
  };
}

function printEnvironment(settings: Settings, runtimeFolder: string, io: Io): number {
  const proxy = "http://127.0.0.1:PORT";
  const places = childPlaces(path.join(runtimeFolder, "run-ID"), { proxy, ca: path.join(settings.ca.dir, "ca.pem") });
  const write = (title: string, variables: Variables): void => {
    const lines = Object.entries(variables).map(([name, value]) =>
      value === null ? `${name} (unset)` : `${name}=${value}`,
    );
    io.stdout.write(`# ${title}\n${lines.join("\n")}\n`);
  };
  for (const { name, variables } of ECOSYSTEMS) write(name, variables(places));
  write("git, whose settings win over variables", gitProxy(proxy, io.env));
  write("this run", { PLAINWIRE_RUN: "ID" });
  return 0;
}
