import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadOrCreateAuthority } from "../../src/ca/authority.ts";
import { parseArguments } from "../../src/cli/arguments.ts";
import { ca } from "../../src/cli/ca.ts";
import { FakeIo } from "../support/fake-io.ts";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-ca-"));
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

async function ask(words: string, terminal = false): Promise<string> {
  const io = new FakeIo();
  io.env = { HOME: folder };
  io.cwd = folder;
  Object.assign(io.stdout, { isTTY: terminal });
  expect(await ca(parseArguments(["ca", "--ca-dir", folder, ...words.split(" ").filter(Boolean)]), io)).toBe(0);
  return io.stdout.text;
}

const file = (name: string): string => path.join(folder, name);

describe("plainwire ca show", () => {
  it("tells what the CA is, and how its key is kept", async () => {
    const { subject, fingerprint } = loadOrCreateAuthority(folder);
    const text = await ask("show");
    expect(text).toContain(`subject      ${subject}\n`);
    expect(text).toContain(`SHA-256      ${fingerprint}\n`);
    expect(text).toMatch(/^valid to {5}\d{4}-\d\d-\d\dT[\d:.]+Z$/m);
    expect(text).toContain(`${file("ca-key.pem")} (mode 0600)\n`);
  });

  it("says so if others can read the key", async () => {
    loadOrCreateAuthority(folder);
    fs.chmodSync(file("ca-key.pem"), 0o640);
    expect(await ask("show")).toContain("(mode 0640: OPEN TO OTHER USERS, so plainwire refuses it)");
  });

  it("does not make one", async () => {
    await expect(ask("show")).rejects.toMatchObject({ exitCode: 5 });
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe("plainwire ca export", () => {
  it("writes the certificate as PEM, and not the key that a file may have beside it", async () => {
    loadOrCreateAuthority(folder);
    fs.appendFileSync(file("ca.pem"), fs.readFileSync(file("ca-key.pem")));
    const text = await ask("export");
    expect(new X509Certificate(text).ca).toBe(true);
    expect(text).not.toContain("PRIVATE KEY");
  });

  it("writes DER to a new file", async () => {
    const { fingerprint } = loadOrCreateAuthority(folder);
    expect(await ask("export --format der --out ca.der")).toBe("");
    const bytes = fs.readFileSync(file("ca.der"));
    expect(bytes[0]).toBe(0x30);
    expect(new X509Certificate(bytes).fingerprint256).toBe(fingerprint);
  });

  it("never writes over a file: it might be the key", async () => {
    loadOrCreateAuthority(folder);
    const before = fs.readFileSync(file("ca-key.pem"), "utf8");
    await expect(ask("export --out ca-key.pem")).rejects.toThrow("exists already");
    expect(fs.readFileSync(file("ca-key.pem"), "utf8")).toBe(before);
  });

  it.each([
    ["export --format p12", "--format: expected pem or der"],
    ["export --format der", "DER is binary"],
    ["", "ca needs one of show or export"],
    ["exprot", "did you mean export?"],
  ])("%j is refused on a terminal", async (words, message) => {
    loadOrCreateAuthority(folder);
    await expect(ask(words, true)).rejects.toThrow(message);
  });
});
