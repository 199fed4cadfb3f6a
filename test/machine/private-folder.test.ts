import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { privateFolder, processFolder, removeFolder } from "../../src/machine/private-folder.ts";

let parent: string;

beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-private-"));
});

afterEach(() => fs.rmSync(parent, { recursive: true }));

describe("a private folder", () => {
  it("is made with those above it, for its owner only", () => {
    const folder = path.join(parent, "a", "b");
    privateFolder(folder);
    privateFolder(folder);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    ["others may read", (folder) => fs.mkdirSync(folder, { mode: 0o755 }), /open to other users \(mode 0755\)/],
    ["is a file", (folder) => fs.writeFileSync(folder, ""), /can't be made/],
    ["is a link to one", (folder) => fs.symlinkSync(os.tmpdir(), folder), /is not a folder/],
  ])("that %s is refused", (_title, make, message) => {
    const folder = path.join(parent, "it");
    make(folder);
    expect(() => privateFolder(folder)).toThrow(message);
  });
});

describe("a process's folder", () => {
  it("is a new one each time", () => {
    const folders = [processFolder(parent, "run"), processFolder(parent, "run")];
    expect(new Set(folders).size).toBe(2);
    for (const folder of folders) expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
  });

  it("is swept when its process is gone without removing it, and no other folder is", () => {
    // No system gives that many: the largest is 2^22 on Linux.
    const names = ["run-999999999-abc", `run-${process.pid}-abc`, "999999999", "env-999999999-abc"];
    for (const name of names) fs.mkdirSync(path.join(parent, name));
    const own = processFolder(parent, "run");
    expect(fs.readdirSync(parent).toSorted()).toEqual([...names.slice(1), path.basename(own)].toSorted());
    removeFolder(own);
    expect(fs.existsSync(own)).toBe(false);
  });
});
