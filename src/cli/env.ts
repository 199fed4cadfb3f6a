/** `plainwire env`: the environment of `run`, as commands for a POSIX shell. */

import { createHash } from "node:crypto";
import path from "node:path";
import { type HostPort, hostPortText } from "../config/values.ts";
import { childVariables, type Variables } from "../machine/child-env.ts";
import { childPlaces, writeChildFiles } from "../machine/child-files.ts";
import { privateFolder } from "../machine/private-folder.ts";
import type { Arguments } from "./arguments.ts";
import { readCaCertificate } from "./ca-certificate.ts";
import { UsageError } from "./explain.ts";
import { tellFolder } from "./folder-failure.ts";
import type { Io } from "./io.ts";
import { loadSettings } from "./load-settings.ts";
import { createLog } from "./log.ts";

/** Standard output is for the shell, so what people should know goes to standard error. */
export async function env(parsed: Arguments, io: Io): Promise<number> {
  if (parsed.own.has("unset")) {
    const names = Object.keys(childVariables(childPlaces("", { proxy: "", ca: "" })));
    io.stdout.write(`unset ${names.join(" ")};\n`);
    return 0;
  }
  const { settings, places } = loadSettings(parsed, io);
  const given = parsed.own.get("proxy");
  const proxy = typeof given === "string" ? checkedProxy(given) : configuredProxy(settings.listen);
  const file = parsed.own.get("ca");
  const ca = typeof file === "string" ? path.resolve(io.cwd, file) : path.join(settings.ca.dir, "ca.pem");
  const caPem = readCaCertificate(ca).toString();

  const { upstreamRoots } = await import("../tls/trust.ts");
  const folder = path.join(places.runtime, `env-${digest(`${proxy}\n${caPem}`)}`);
  tellFolder(() => [places.runtime, folder].forEach(privateFolder));
  const written = writeChildFiles(folder, { proxy, ca, caPem, roots: upstreamRoots([]).roots, env: io.env });
  io.stdout.write(commands(childVariables(written)));
  if (given === undefined)
    createLog(io.stderr)("info", `for ${proxy}, as the settings say; whether it runs was not asked`);
  return 0;
}

function configuredProxy({ host, port }: HostPort): string {
  if (port === 0) throw new UsageError("the settings let the proxy take any free port: name it with --proxy URL");
  return `http://${hostPortText({ host: ANY_ADDRESS.get(host) ?? host, port })}`;
}

function checkedProxy(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" && url.port !== "" && url.pathname === "/" && url.search + url.hash === "") {
    return url.origin;
  }
  throw new UsageError(`--proxy: expected a URL such as http://127.0.0.1:8080, not ${JSON.stringify(text)}`);
}

/** Each ends with a semicolon: `eval $(plainwire env)` without quotes makes one line of them. */
function commands(variables: Variables): string {
  return Object.entries(variables)
    .map(([name, value]) => (value === null ? `unset ${name};\n` : `export ${name}=${quoted(value)};\n`))
    .join("");
}

/** One word for a POSIX shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

/** What listens on all addresses is reached on loopback. */
const ANY_ADDRESS = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);
