import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeChildFiles } from "../../src/machine/child-files.ts";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-child-"));
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

const write = (env: NodeJS.ProcessEnv = {}) =>
  writeChildFiles(folder, {
    proxy: "http://127.0.0.1:8080",
    ca: "/ca.pem",
    caPem: "CA",
    roots: ["ROOT 1\n", "ROOT 2"],
    env: { HOME: folder, ...env },
  });

it("the bundle has all roots and the CA, a line each at least", () => {
  expect(fs.readFileSync(write().bundle, "utf8")).toBe("ROOT 1\nROOT 2\nCA\n");
});

it.each([
  ["the one in HOME", {}, "quiet = on\n"],
  ["the one that WGETRC names", { WGETRC: "other" }, "timeout = 5\n"],
  ["none, if it can't be read", { WGETRC: "nowhere" }, ""],
])("the user's wgetrc comes first, so that ours wins: %s", (_title, env: NodeJS.ProcessEnv, expected) => {
  fs.writeFileSync(path.join(folder, ".wgetrc"), "quiet = on");
  fs.writeFileSync(path.join(folder, "other"), "timeout = 5");
  const named = env["WGETRC"] === undefined ? {} : { WGETRC: path.join(folder, env["WGETRC"]) };
  const places = write(named);
  const text = fs.readFileSync(places.wgetrc, "utf8");
  expect(text.startsWith(`${expected}# What plainwire adds:\nca_certificate = ${places.bundle}\n`)).toBe(true);
  expect(text).toMatch(/^https_proxy = http:\/\/127\.0\.0\.1:8080$/m);
});

it("a second time, in a shell that has the first one's, adds nothing twice", () => {
  const { wgetrc } = write();
  const before = fs.readFileSync(wgetrc, "utf8");
  write({ WGETRC: wgetrc });
  expect(fs.readFileSync(wgetrc, "utf8")).toBe(before);
});

it("nobody else can read them, and no half of one is left", () => {
  write();
  const files = fs.readdirSync(folder);
  expect(files.toSorted()).toEqual(["ca-bundle.pem", "wgetrc"]);
  for (const name of files) expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
});
