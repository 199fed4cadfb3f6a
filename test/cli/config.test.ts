import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { config } from "../../src/cli/config.ts";
import { paths } from "../../src/cli/paths.ts";
import { parseJsonc, valueOf } from "../../src/config/jsonc.ts";
import { OPTIONS } from "../../src/config/options.ts";
import { configSchema } from "../../src/config/schema.ts";
import { FakeIo } from "../support/fake-io.ts";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-config-"));
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

async function ask(argv: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const io = new FakeIo();
  io.env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, ...env };
  io.cwd = folder;
  const parsed = parseArguments(argv);
  expect(await (parsed.command === "paths" ? paths : config)(parsed, io)).toBe(0);
  return io.stdout.text;
}

const project = (text: string): string => {
  const file = path.join(folder, "plainwire.config.json");
  fs.writeFileSync(file, text);
  return file;
};

describe("plainwire config print", () => {
  it("prints what is in effect as JSON that has every setting, and is itself a config file", async () => {
    project('{ "listen": "[::1]:9", "limits": { "headBytes": "2 KiB" }, "upstreamCa": ["a.pem"] }');
    const printed = JSON.parse(await ask(["config", "print"])) as { [key: string]: unknown };
    expect(printed).toMatchObject({ listen: "[::1]:9", upstreamCa: [path.join(folder, "a.pem")] });
    const ca = { dir: path.join(folder, "plainwire/ca") };
    const limits = { ...configSchema.parse({}).limits, headBytes: 2048 };
    const listen = { host: "::1", port: 9 };
    const upstreamCa = [path.join(folder, "a.pem")];
    expect(configSchema.parse(printed)).toEqual({ ...configSchema.parse({}), ca, limits, listen, upstreamCa });
  });

  it("--sources tells of each where it comes from; it is still a config file", async () => {
    const file = project('{\n  "feed": "127.0.0.1:9",\n  "json": true\n}');
    const text = await ask(["config", "print", "--sources", "--no-json"], { PLAINWIRE_MAX_HEAD: "4KiB" });
    expect(text).toContain('"listen": "127.0.0.1:8080", // default\n');
    expect(text).toContain(`"feed": "127.0.0.1:9", // ${file}:2:11\n`);
    expect(text).toContain('"json": false, // --json\n');
    expect(text).toContain('"headBytes": 4096, // PLAINWIRE_MAX_HEAD\n');
    expect(text.match(/ \/\/ /g)).toHaveLength(OPTIONS.length);
    expect(valueOf(parseJsonc(text))).toMatchObject({ feed: "127.0.0.1:9" });
  });

  it("shows no control character of a path as it is", async () => {
    const text = await ask(["config", "print", "--ca-dir", "\u001b]0;x\u0007\u202e\u2028"]);
    expect(text).toContain(String.raw`\u001b]0;x\u0007\u202e\u2028`);
    expect(JSON.parse(text)).toMatchObject({ ca: { dir: path.join(folder, "\u001b]0;x\u0007\u202e\u2028") } });
  });
});

describe("plainwire config validate", () => {
  it("a file that is in order", async () => {
    fs.writeFileSync(path.join(folder, "my.json"), '{ "json": true } // mine');
    expect(await ask(["config", "validate", "my.json"])).toBe("my.json: valid\n");
  });

  it("a file alone, whatever the other sources say", async () => {
    project("{ nonsense");
    fs.writeFileSync(path.join(folder, "my.json"), "{}");
    expect(await ask(["config", "validate", "my.json"], { PLAINWIRE_LISTEN: "x" })).toBe("my.json: valid\n");
    await expect(ask(["config", "validate"])).rejects.toThrow("plainwire.config.json:1:3");
  });

  it.each([
    ['{\n  "lisen": "127.0.0.1:0" }', 'my.json:2:3: unknown key "lisen"; did you mean "listen"?'],
    ['{ "limits": { "connections": 0 } }', "my.json:1:30: expected a whole number from 1 to 1000000, not 0"],
    ["[]", "my.json:1:1: expected an object in braces"],
  ])("%j is refused, with its place", async (text, message) => {
    fs.writeFileSync(path.join(folder, "my.json"), text);
    await expect(ask(["config", "validate", "my.json"])).rejects.toThrow(message);
  });
});

describe("plainwire config path, plainwire paths", () => {
  it("names the files that are read, the strongest first", async () => {
    const file = project("{}");
    const user = path.join(folder, "plainwire", "config.json");
    expect(await ask(["config", "path"])).toBe(`${file}\n${user} (not there)\n`);
    expect(await ask(["config", "path", "--config", "my.json"])).toContain(
      `${path.join(folder, "my.json")} (not there)\n`,
    );
  });

  it("names all folders, each on a line", async () => {
    const names = (await ask(["paths"])).split("\n").map((line) => line.split(/ +/)[0]);
    expect(names).toEqual(["config", "data", "state", "cache", "runtime", "ca", "ca-key", "log", ""]);
    expect(await ask(["paths", "--ca-dir", "mine"])).toMatch(
      new RegExp(`^ca +${path.join(folder, "mine/ca.pem")}$`, "m"),
    );
  });
});

it.each([
  [[], "config needs one of print, validate or path"],
  [["pirnt"], "did you mean print?"],
  [["print", "x"], 'unexpected argument "x"'],
])("plainwire config %j is refused", async (words, message) => {
  await expect(ask(["config", ...words])).rejects.toThrow(message);
});
