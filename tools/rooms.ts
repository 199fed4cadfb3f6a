/** The rooms of design.md, section 3, as lint rules: who may import what. */

import type { OxlintOverride } from "oxlint";

// prettier-ignore
export const ROOMS = [
  "ca", "capture", "cli", "config", "engine", "feed", "flow", "machine", "policy", "proxy", "store", "tls", "tui", "wire",
];

/** Which other rooms a room may import. `errors` is open to all; `feed/client` stands for that one file. */
const MAY_IMPORT: { [room: string]: string[] } = {
  wire: [],
  policy: [],
  capture: [],
  ca: [],
  config: [],
  machine: [],
  tls: ["policy", "wire", "ca"],
  proxy: ["tls", "policy", "wire", "capture", "ca"],
  flow: ["capture", "wire"],
  store: ["flow"],
  feed: ["flow", "wire"],
  tui: ["flow", "feed/client"],
  engine: ["proxy", "tls", "policy", "wire", "capture", "ca", "flow", "store", "feed", "machine"],
  cli: ROOMS,
};

const SOCKET_FILES = ["proxy/listener.ts", "proxy/dial.ts", "feed/server.ts", "feed/client.ts"];
const SOCKETS_RULE = `only ${SOCKET_FILES.join(", ")} open sockets (types are free to all)`;

/** Modules that only some files may import; a name without ".ts" is a whole room. */
const RESERVED: { modules: string[]; for: string[]; message: string; pure?: string[]; types?: true }[] = [
  { modules: ["node-forge"], for: ["ca"], message: "only ca/ imports node-forge" },
  { modules: ["blessed"], for: ["tui/screen.ts"], message: "only tui/screen.ts imports blessed" },
  { modules: ["ws"], for: ["feed"], message: "only feed/ imports ws" },
  { modules: ["node:sqlite"], for: ["store"], message: "only store/ imports node:sqlite" },
  {
    modules: ["node:net"],
    for: SOCKET_FILES,
    message: SOCKETS_RULE,
    pure: ["isIP", "isIPv4", "isIPv6", "BlockList", "SocketAddress"],
    types: true,
  },
  { modules: ["node:http"], for: SOCKET_FILES, message: SOCKETS_RULE, pure: ["STATUS_CODES", "METHODS"], types: true },
  {
    modules: ["node:https", "node:http2", "node:dgram"],
    for: SOCKET_FILES,
    message: SOCKETS_RULE,
    types: true,
  },
  {
    modules: ["node:tls"],
    for: ["tls", "ca/contexts.ts"],
    message: "only tls/ and ca/contexts.ts use node:tls (types are free to all)",
    types: true,
  },
];

/** One override a room, then one for each file that has more freedom than its room. */
export function roomRules(): OxlintOverride[] {
  const files = RESERVED.flatMap((row) => row.for).filter((name) => name.endsWith(".ts"));
  return [...ROOMS.map((room) => `${room}/**`), ...new Set(files)].map((name) => ({
    files: [`src/${name}`],
    rules: importRule(name.slice(0, name.indexOf("/")), name),
  }));
}

function importRule(room: string, file: string): OxlintOverride["rules"] & object {
  const allowed = MAY_IMPORT[room] ?? [];
  const denied = ROOMS.filter((other) => other !== room && !allowed.includes(other));
  const [part] = allowed.filter((name) => name.includes("/"));
  const isPart = (other: string): boolean => part?.startsWith(`${other}/`) ?? false;
  const may = allowed.length === 0 ? "nothing of ours but errors" : `only ${allowed.join(", ")} and errors`;
  const whole = denied.filter((other) => !isPart(other));
  const patterns: object[] = [
    {
      regex: `^(?:\\.\\./)+(?:${[...whole.map((name) => `${name}/`), "main\\.ts"].join("|")})`,
      message: `${room}/ imports ${may}`,
    },
    { regex: "^\\.\\.?/(?:.*/)?(?:index|utils?)(?:\\.ts)?$", message: "no barrels, no utils: import the file itself" },
  ];
  for (const other of denied.filter(isPart)) {
    patterns.push({ group: [`**/${other}/*`, `!**/${part}.ts`], message: `${room}/ imports ${may}` });
  }
  const paths = RESERVED.filter(({ for: holders }) => !holders.includes(room) && !holders.includes(file)).flatMap(
    ({ modules, message, pure, types }) =>
      modules.map((name) => ({
        name,
        message,
        ...(types && { allowTypeImports: true }),
        ...(pure && { allowImportNames: pure }),
      })),
  );
  return { "no-restricted-imports": ["error", { paths, patterns }] };
}
