import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOMS } from "../../tools/rooms.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const IMPORTS = "eslint(no-restricted-imports)";

/** Files that break a rule: where, what, and the rule that must say so. */
const OFFENCES: [file: string, text: string, rule: string][] = [
  // Rooms.
  ["src/wire/up.ts", 'import { x } from "../flow/x.ts"; export const y = x;', IMPORTS],
  ["src/wire/type.ts", 'import type { X } from "../flow/x.ts"; export type Y = X;', IMPORTS],
  ["src/wire/dynamic.ts", 'export const x = () => import("../flow/x.ts");', IMPORTS],
  ["src/wire/reexport.ts", 'export { x } from "../flow/x.ts";', IMPORTS],
  ["src/policy/tls.ts", 'import { x } from "../tls/x.ts"; export const y = x;', IMPORTS],
  ["src/capture/wire.ts", 'import { x } from "../wire/x.ts"; export const y = x;', IMPORTS],
  ["src/ca/wire.ts", 'import { x } from "../wire/x.ts"; export const y = x;', IMPORTS],
  ["src/config/cli.ts", 'import { x } from "../cli/x.ts"; export const y = x;', IMPORTS],
  ["src/tls/proxy.ts", 'import { x } from "../proxy/x.ts"; export const y = x;', IMPORTS],
  ["src/tls/capture.ts", 'import { x } from "../capture/x.ts"; export const y = x;', IMPORTS],
  ["src/proxy/flow.ts", 'import { x } from "../flow/x.ts"; export const y = x;', IMPORTS],
  ["src/proxy/engine.ts", 'import { x } from "../engine/x.ts"; export const y = x;', IMPORTS],
  ["src/flow/feed.ts", 'import { x } from "../feed/x.ts"; export const y = x;', IMPORTS],
  ["src/store/feed.ts", 'import { x } from "../feed/x.ts"; export const y = x;', IMPORTS],
  ["src/feed/proxy.ts", 'import { x } from "../proxy/x.ts"; export const y = x;', IMPORTS],
  ["src/tui/server.ts", 'import { x } from "../feed/server.ts"; export const y = x;', IMPORTS],
  ["src/tui/view/wire.ts", 'import { x } from "../../wire/x.ts"; export const y = x;', IMPORTS],
  ["src/engine/cli.ts", 'import { x } from "../cli/x.ts"; export const y = x;', IMPORTS],
  ["src/engine/config.ts", 'import { x } from "../config/x.ts"; export const y = x;', IMPORTS],
  ["src/engine/tui.ts", 'import { x } from "../tui/x.ts"; export const y = x;', IMPORTS],
  ["src/machine/flow.ts", 'import { x } from "../flow/x.ts"; export const y = x;', IMPORTS],
  ["src/cli/main.ts", 'import { x } from "../main.ts"; export const y = x;', IMPORTS],
  ["src/proxy/barrel.ts", 'import { x } from "./index.ts"; export const y = x;', IMPORTS],
  ["src/proxy/grab-bag.ts", 'import { x } from "./utils.ts"; export const y = x;', IMPORTS],
  // Modules that belong to one room or one file.
  ["src/tls/forge.ts", 'import forge from "node-forge"; export const x = forge;', IMPORTS],
  ["src/tui/view/blessed.ts", 'import blessed from "blessed"; export const x = blessed;', IMPORTS],
  ["src/cli/ws.ts", 'import { WebSocket } from "ws"; export const x = WebSocket;', IMPORTS],
  ["src/flow/sqlite.ts", 'import { DatabaseSync } from "node:sqlite"; export const x = DatabaseSync;', IMPORTS],
  ["src/proxy/net.ts", 'import { connect } from "node:net"; export const x = connect;', IMPORTS],
  ["src/proxy/net-default.ts", 'import net from "node:net"; export const x = net;', IMPORTS],
  ["src/proxy/net-all.ts", 'import * as net from "node:net"; export const x = net;', IMPORTS],
  ["src/engine/http.ts", 'import { get } from "node:http"; export const x = get;', IMPORTS],
  ["src/proxy/http2.ts", 'import { connect } from "node:http2"; export const x = connect;', IMPORTS],
  ["src/machine/dgram.ts", 'import { createSocket } from "node:dgram"; export const x = createSocket;', IMPORTS],
  ["src/proxy/tls.ts", 'import { connect } from "node:tls"; export const x = connect;', IMPORTS],
  ["src/ca/tls.ts", 'import { connect } from "node:tls"; export const x = connect;', IMPORTS],
  ["src/proxy/listener.ts", 'import { x } from "../flow/x.ts"; export const y = x;', IMPORTS],
  ["src/tui/screen.ts", 'import { WebSocket } from "ws"; export const x = WebSocket;', IMPORTS],
  ["src/proxy/fetch.ts", 'export const x = () => fetch("http://127.0.0.1");', "eslint(no-restricted-globals)"],
  ["src/proxy/bare.ts", 'import fs from "fs"; export const x = fs;', "unicorn(prefer-node-protocol)"],
  // Habits.
  ["src/flow/default.ts", "export default 1;", "import(no-default-export)"],
  ["src/flow/any.ts", "export const x = (y: any) => y;", "typescript(no-explicit-any)"],
  ["src/flow/hidden-any.ts", 'export const x: string = JSON.parse("1");', "typescript(no-unsafe-assignment)"],
  ["src/flow/bang.ts", "export const x = (y?: string) => y!.length;", "typescript(no-non-null-assertion)"],
  ["src/flow/floating.ts", "export function x() { Promise.reject(new Error()); }", "typescript(no-floating-promises)"],
  ["src/flow/misused.ts", "export const x = (y: Promise<1>) => (y ? 1 : 2);", "typescript(no-misused-promises)"],
  [
    "src/flow/switch.ts",
    'export function x(y: "a" | "b") { switch (y) { case "a": return 1; } return 0; }',
    "typescript(switch-exhaustiveness-check)",
  ],
  ["src/cli/exit.ts", "export const x = () => process.exit(1);", "eslint(no-restricted-properties)"],
  ["src/cli/abort.ts", "export const x = () => process.abort();", "eslint(no-restricted-properties)"],
  ["src/engine/console.ts", 'console.log("x");', "eslint(no-console)"],
  ["src/flow/later.ts", "// TODO: later\nexport const x = 1;", "eslint(no-warning-comments)"],
  ["src/flow/loose.ts", "export const x = (y: unknown) => y == 1;", "eslint(eqeqeq)"],
  ["src/flow/long.ts", `${"export {};\n".repeat(301)}`, "eslint(max-lines)"],
  ["src/flow/function.ts", `export function x() {\n${"  x();\n".repeat(60)}}`, "eslint(max-lines-per-function)"],
  [
    "src/flow/deep.ts",
    "export function x() { if (x.length) { if (x.name) { if (x.length) { if (x.name) { x(); } } } } }",
    "eslint(max-depth)",
  ],
  ["src/flow/cycle-a.ts", 'import { b } from "./cycle-b.ts"; export const a = () => b;', "import(no-cycle)"],
  ["src/flow/cycle-b.ts", 'import { a } from "./cycle-a.ts"; export const b = () => a;', "import(no-cycle)"],
  [
    "src/flow/type-import.ts",
    'import { X } from "../capture/types.ts"; export type Y = X;',
    "typescript(consistent-type-imports)",
  ],
  [
    "test/flow/floating.test.ts",
    "export function x() { Promise.reject(new Error()); }",
    "typescript(no-floating-promises)",
  ],
  ["test/flow/any.test.ts", "export const x = (y: any) => y;", "typescript(no-explicit-any)"],
];

/** What the same rules must leave alone. */
const ALLOWED: [file: string, text: string][] = [
  ["src/wire/errors.ts", 'import { x } from "../errors.ts"; export const y = x;'],
  ["src/proxy/all.ts", 'import { x } from "../wire/x.ts"; import { z } from "../tls/x.ts"; export const y = [x, z];'],
  [
    "src/tui/client.ts",
    'import { x } from "../feed/client.ts"; import { z } from "../flow/x.ts"; export const y = [x, z];',
  ],
  [
    "src/tui/view/nested.ts",
    'import { x } from "../x.ts"; import { z } from "../../flow/x.ts"; export const y = [x, z];',
  ],
  [
    "src/engine/wiring.ts",
    'import { x } from "../proxy/x.ts"; import { z } from "../feed/server.ts"; export const y = [x, z];',
  ],
  [
    "src/cli/wiring.ts",
    'import { x } from "../tui/x.ts"; import { z } from "../config/x.ts"; export const y = [x, z];',
  ],
  ["src/cli/console.ts", 'console.log("x");'],
  ["src/main.ts", "process.exit(0);"],
  ["src/ca/forge.ts", 'import forge from "node-forge"; export const x = forge;'],
  ["src/ca/contexts.ts", 'import { createSecureContext } from "node:tls"; export const x = createSecureContext;'],
  ["src/tls/handshake.ts", 'import { connect } from "node:tls"; export const x = connect;'],
  ["src/tui/screen.d.ts", "export {};"],
  ["src/proxy/dial.ts", 'import { connect } from "node:net"; export const x = connect;'],
  [
    "src/feed/client.ts",
    'import { WebSocket } from "ws"; import { get } from "node:http"; export const x = [WebSocket, get];',
  ],
  [
    "src/proxy/types.ts",
    'import type { Socket } from "node:net"; import type { TLSSocket } from "node:tls"; export type X = Socket | TLSSocket;',
  ],
  ["src/proxy/status.ts", 'import { STATUS_CODES } from "node:http"; export const x = STATUS_CODES;'],
  ["src/wire/ip.ts", 'import { isIP } from "node:net"; export const x = isIP;'],
  ["src/store/file.ts", 'import { DatabaseSync } from "node:sqlite"; export const x = DatabaseSync;'],
  [
    "test/e2e/socket.test.ts",
    'import { connect } from "node:net"; import { x } from "../../src/proxy/x.ts"; export const y = [x, connect];',
  ],
];

let tree: string;
let found: Map<string, string[]>;

beforeAll(() => {
  tree = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-lint-")));
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(tree, "node_modules"));
  for (const file of ["oxlint.config.ts", "tools/rooms.ts", "tsconfig.json", "test/tsconfig.json", "package.json"]) {
    write(file, fs.readFileSync(path.join(ROOT, file), "utf8"));
  }
  for (const room of [...ROOMS, "feed/client", "feed/server"]) {
    write(room.includes("/") ? `src/${room}.ts` : `src/${room}/x.ts`, "export const x = 1, z = 1;");
  }
  write("src/errors.ts", "export const x = 1;");
  write("src/capture/types.ts", "export interface X { x: 1 }");
  for (const [file, text] of [...OFFENCES, ...ALLOWED]) write(file, text);
  found = lint();
}, 60_000);
afterAll(() => fs.rmSync(tree, { recursive: true }));

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
  fs.writeFileSync(path.join(tree, file), text);
}

/** Rules that fired, by file. */
function lint(): Map<string, string[]> {
  const oxlint = path.join(ROOT, "node_modules/.bin/oxlint");
  const { stdout } = spawnSync(oxlint, ["--type-aware", "--format=json", "src", "test"], {
    cwd: tree,
    encoding: "utf8",
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  const byFile = Map.groupBy(diagnostics, ({ filename }) => filename);
  return new Map([...byFile].map(([file, all]) => [file, all.map(({ code }) => code)]));
}

describe("npm run check refuses", () => {
  it.each(OFFENCES)("%s", (file, _text, rule) => {
    expect(found.get(file) ?? []).toContain(rule);
  });
});

describe("npm run check allows", () => {
  it.each(ALLOWED)("%s", (file) => {
    expect(found.get(file) ?? []).toEqual([]);
  });
});

it("each folder of src/ is a room whose imports are ruled", () => {
  const folders = fs
    .readdirSync(path.join(ROOT, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory());
  expect(ROOMS).toEqual(expect.arrayContaining(folders.map(({ name }) => name)));
});
