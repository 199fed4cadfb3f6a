import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folders } from "../../src/config/folders.ts";
import { ConfigError } from "../../src/config/layer.ts";
import { type FlagValues, loadConfig, type Settings } from "../../src/config/load.ts";

let home: string;
let cwd: string;
beforeEach(() => {
  home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-config-")));
  cwd = path.join(home, "project");
  fs.mkdirSync(cwd);
});
afterEach(() => fs.rmSync(home, { recursive: true }));

const USER_FILE = ".config/plainwire/config.json";
const PROJECT_FILE = "project/plainwire.config.json";

interface Given {
  files?: { [name: string]: string };
  env?: { [name: string]: string };
  flags?: { [name: string]: string | boolean | string[] };
  config?: string;
}

function load({ files = {}, env = {}, flags = {}, config }: Given): { settings: Settings; warnings: string[] } {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), text);
  }
  const given: FlagValues = new Map(Object.entries(flags));
  return loadConfig({ flags: given, file: config ?? null, env, cwd, folders: folders(env, "linux", home) });
}

function complaints(given: Given): string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.complaints.map((line) => line.replaceAll(home, "~"));
    throw error;
  }
  return [];
}

describe("without any source", () => {
  it("the defaults hold, and the CA is in the data folder", () => {
    expect(load({}).settings).toEqual({
      listen: { host: "127.0.0.1", port: 8080 },
      feed: { host: "127.0.0.1", port: 8081 },
      ca: { dir: path.join(home, ".local/share/plainwire/ca") },
      upstreamCa: [],
      insecure: false,
      json: false,
      headless: false,
      limits: {
        headBytes: 262_144,
        connections: 10_000,
        connectTimeoutMs: 15_000,
        headTimeoutMs: 60_000,
        handshakeTimeoutMs: 20_000,
      },
      capture: {
        bodyBytes: 1_048_576,
        inFlightBytes: 16_777_216,
        totalBodyBytes: 33_554_432,
        ringBytes: 16_777_216,
        flows: 100_000,
      },
    });
  });
});

describe("who wins", () => {
  const all = {
    files: { [USER_FILE]: '{ "listen": "127.0.0.1:1", "json": true }', [PROJECT_FILE]: '{ "listen": "127.0.0.1:2" }' },
    env: { PLAINWIRE_LISTEN: "127.0.0.1:3" },
    flags: { listen: "127.0.0.1:4" },
  };

  it.each<[string, Given, number]>([
    ["the user's file over the defaults", { files: { [USER_FILE]: all.files[USER_FILE] ?? "" } }, 1],
    ["the project's file over the user's", { files: all.files }, 2],
    ["a variable over the files", { files: all.files, env: all.env }, 3],
    ["a flag over all", all, 4],
    [
      "--config in place of the project's file",
      { files: { ...all.files, "other.json": '{"listen":"[::1]:5"}' }, config: "../other.json" },
      5,
    ],
    [
      "PLAINWIRE_CONFIG likewise",
      { files: { "o.json": '{"listen":"[::1]:6"}' }, env: { PLAINWIRE_CONFIG: "../o.json" } },
      6,
    ],
    [
      "--config over PLAINWIRE_CONFIG",
      { files: { "o.json": '{"listen":"[::1]:7"}' }, env: { PLAINWIRE_CONFIG: "nowhere" }, config: "../o.json" },
      7,
    ],
  ])("%s", (_title, given, port) => {
    expect(load(given).settings.listen.port).toBe(port);
  });

  it("settings that the winner does not mention stay, inside groups too", () => {
    const files = {
      [USER_FILE]: '{ "json": true, "limits": { "connections": 7, "headBytes": 2048 } }',
      [PROJECT_FILE]: '{ "limits": { "headBytes": "4 KiB" } }',
    };
    const { json, limits } = load({ files }).settings;
    expect([json, limits.connections, limits.headBytes, limits.headTimeoutMs]).toEqual([true, 7, 4096, 60_000]);
  });

  it("a flag can switch off what a file switched on", () => {
    expect(load({ files: { [USER_FILE]: '{ "json": true }' }, flags: { json: false } }).settings.json).toBe(false);
  });
});

describe("relative paths start where they were written", () => {
  it.each<[string, Given, string]>([
    ["in the user's file", { files: { [USER_FILE]: '{ "ca": { "dir": "ca" } }' } }, "~/.config/plainwire/ca"],
    ["in the project's file", { files: { [PROJECT_FILE]: '{ "ca": { "dir": "../ca" } }' } }, "~/ca"],
    ["in a variable", { env: { PLAINWIRE_CA_DIR: "ca" } }, "~/project/ca"],
    ["in a flag", { flags: { "ca.dir": "./ca" } }, "~/project/ca"],
    ["a tilde is a name like others", { flags: { "ca.dir": "~/ca" } }, "~/project/~/ca"],
  ])("%s", (_title, given, expected) => {
    expect(load(given).settings.ca.dir).toBe(path.join(home, expected.slice(1)));
  });

  it("in lists as well", () => {
    expect(load({ env: { PLAINWIRE_UPSTREAM_CA: "a.pem:/b.pem" } }).settings.upstreamCa).toEqual([
      path.join(cwd, "a.pem"),
      "/b.pem",
    ]);
  });
});

describe("what can't be used is refused, with its place", () => {
  it.each<[string, Given, string[]]>([
    [
      "a misspelt key",
      { files: { [PROJECT_FILE]: '{\n  "lisen": "127.0.0.1:1"\n}' } },
      ['~/project/plainwire.config.json:2:3: unknown key "lisen"; did you mean "listen"?'],
    ],
    [
      "a misspelt key in a group",
      { files: { [PROJECT_FILE]: '{ "limits": { "conections": 1 } }' } },
      ['~/project/plainwire.config.json:1:15: unknown key "conections"; did you mean "connections"?'],
    ],
    [
      "a key in the wrong place",
      { files: { [PROJECT_FILE]: '{ "headBytes": 1 }' } },
      ['~/project/plainwire.config.json:1:3: unknown key "headBytes"; did you mean "limits.headBytes"?'],
    ],
    [
      "a flag's name as a key",
      { files: { [PROJECT_FILE]: '{ "max-head": 1 }' } },
      ['~/project/plainwire.config.json:1:3: unknown key "max-head"; did you mean "limits.headBytes"?'],
    ],
    [
      "a wrong value, named as the user named the file",
      { files: { "project/my.json": '{\n "upstreamCa": ["a", 2]\n}' }, config: "my.json" },
      ["my.json:2:22: expected a path"],
    ],
    [
      "all that is wrong, at once",
      { env: { PLAINWIRE_JSON: "maybe" }, flags: { feed: "8081", "limits.connections": "0" } },
      [
        "PLAINWIRE_JSON: expected true or false",
        '--feed: expected HOST:PORT, such as 127.0.0.1:8080, not "8081"',
        '--max-connections: expected a whole number from 1 to 1000000, not "0"',
      ],
    ],
    ["a file that is not there, if asked for", { config: "no.json" }, ["no.json: there is no such file"]],
    [
      "a list where braces belong",
      { files: { [PROJECT_FILE]: " []" } },
      ["~/project/plainwire.config.json:1:2: expected an object in braces"],
    ],
    [
      "broken syntax",
      { files: { [PROJECT_FILE]: "{" } },
      ['~/project/plainwire.config.json:1:2: expected a key in double quotes, or "}"'],
    ],
  ])("%s", (_title, given, expected) => {
    expect(complaints(given)).toEqual(expected);
  });

  it("but a variable that nobody knows is only told of", () => {
    const env = { PLAINWIRE_LISTN: "x", PLAINWIRE_RUN: "1", PLAINWIRE_FEED_FILE: "y" };
    expect(load({ env }).warnings).toEqual([
      "PLAINWIRE_LISTN is not a setting and was ignored; did you mean PLAINWIRE_LISTEN?",
    ]);
  });
});

describe("values", () => {
  it.each([
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["[::1]:8080", { host: "::1", port: 8080 }],
    ["localhost:65535", { host: "localhost", port: 65_535 }],
  ])("the address %s", (text, address) => {
    expect(load({ flags: { listen: text } }).settings.listen).toEqual(address);
  });

  it.each(["", ":8080", "::1:8080", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:8080x", "a b:1", "http://a:1"])(
    "no address: %j",
    (text) => {
      expect(complaints({ flags: { listen: text } })).toHaveLength(1);
    },
  );

  it.each([
    ["4096", 4096],
    ["4KiB", 4096],
    ["1 MiB", 1_048_576],
    ["2GiB", 2_147_483_648],
  ])("%s of bytes", (text, bytes) => {
    expect(load({ flags: { "limits.headBytes": text } }).settings.limits.headBytes).toBe(bytes);
  });

  it.each(["1023", "-1", "4k", "4 MB", "1e9", "99999999999999GiB"])("no bytes: %s", (text) => {
    expect(complaints({ flags: { "limits.headBytes": text } })).toHaveLength(1);
  });

  it.each([
    ["1", true],
    ["TRUE", true],
    ["off", false],
  ])("a switch in the environment: %s", (text, value) => {
    expect(load({ env: { PLAINWIRE_INSECURE: text } }).settings.insecure).toBe(value);
  });

  it("an empty variable is one that was not set", () => {
    expect(load({ env: { PLAINWIRE_LISTEN: "" } }).settings.listen.port).toBe(8080);
  });
});
