import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

it("the tests run on the exact Node.js that npm ci brings, whatever the machine has", () => {
  const file = path.join(import.meta.dirname, "../../tools/node/package.json");
  const { optionalDependencies } = JSON.parse(fs.readFileSync(file, "utf8")) as {
    optionalDependencies: { [name: string]: string };
  };
  expect([...new Set(Object.values(optionalDependencies))]).toEqual([process.versions.node]);
});
