import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { helpText } from "../../src/cli/help.ts";
import { parseJsonc, valueOf } from "../../src/config/jsonc.ts";
import { OPTIONS } from "../../src/config/options.ts";
import { configSchema } from "../../src/config/schema.ts";
import { withTables } from "../../tools/readme-tables.ts";

const read = (name: string): string => fs.readFileSync(path.join(import.meta.dirname, "../..", name), "utf8");

/** Adds the commas that lines had no need of as comments. */
const uncommented = (text: string): string =>
  text.replaceAll(/^(\s*)\/\/ (".*?[^,{])(,?)$/gm, "$1$2,").replaceAll(/^(\s*[}\]])$/gm, "$1");

describe("config.example.json", () => {
  const example = read("config.example.json");

  it("keeps the CA in ./ca, and leaves all else as it is by default", () => {
    expect(configSchema.parse(valueOf(parseJsonc(example)))).toEqual({
      ...configSchema.parse({}),
      ca: { dir: "./ca" },
    });
  });

  it("shows each setting, with its default", () => {
    const shown = valueOf(parseJsonc(uncommented(example))) as { [key: string]: unknown };
    const leaves = OPTIONS.map(({ path: keys }) => keys.reduce<unknown>((at, key) => (at as typeof shown)[key], shown));
    expect(leaves.indexOf(undefined), "index of a setting that is missing").toBe(-1);
    expect(configSchema.parse(shown)).toEqual({ ...configSchema.parse({}), ca: { dir: "./ca" } });
  });
});

describe("README.md", () => {
  it("has the tables that `npm run docs` writes", () => {
    expect(read("README.md")).toBe(withTables(read("README.md")));
  });

  it("names each runtime dependency, with its reason", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: { [name: string]: string } };
    const table = read("README.md").split("## Dependencies")[1]?.split("\n## ")[0] ?? "";
    const named = [...table.matchAll(/^\| ([\w-]+) \| \w/gm)].map(([, name]) => name);
    expect(named.filter((name) => name !== "package").toSorted()).toEqual(Object.keys(dependencies).toSorted());
  });
});

describe("--help", () => {
  it("tells of each flag in one line that fits a wide terminal", () => {
    const lines = helpText("0.1.0").split("\n");
    for (const { usage, description } of OPTIONS) {
      const found = lines.filter((line) => line.startsWith(`  ${usage} `) && line.includes(description));
      expect(found, usage).toHaveLength(1);
    }
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  it("keeps the lifeline to itself", () => {
    expect(helpText("0.1.0")).not.toContain("lifeline");
  });
});
