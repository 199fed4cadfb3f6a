import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { env } from "../../src/cli/env.ts";
import { FakeIo } from "../support/fake-io.ts";
import { createTestCa } from "../support/pki.ts";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-env-"));
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

async function ask(...argv: string[]): Promise<FakeIo> {
  const io = new FakeIo();
  io.env = { HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  io.cwd = folder;
  expect(await env(parseArguments(["env", ...argv]), io)).toBe(0);
  return io;
}

/** A shell that has read these commands tells a variable. */
const inShell = (commands: string, quotes: '"' | "", ask: string): string =>
  spawnSync("sh", ["-c", `eval ${quotes}$COMMANDS${quotes}; ${ask}`], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], COMMANDS: commands, SSL_CERT_DIR: "/certs" },
  }).stdout;

const certificate = (name = "my ca's.pem"): string => {
  fs.writeFileSync(path.join(folder, name), createTestCa().certPem);
  return name;
};

describe("plainwire env", () => {
  it.each(['"', ""] as const)("is read by a shell, in eval %j, whatever the paths are", async (quotes) => {
    const { stdout } = await ask("--proxy", "http://127.0.0.1:9", "--ca", certificate());
    const seen = inShell(
      stdout.text,
      quotes,
      'echo "$https_proxy|$NODE_EXTRA_CA_CERTS|${SSL_CERT_DIR-none}|${NO_PROXY-none}"',
    );
    expect(seen).toBe(`http://127.0.0.1:9|${path.join(folder, "my ca's.pem")}|none|\n`);
    expect(inShell(stdout.text, quotes, 'grep -c BEGIN "$SSL_CERT_FILE"').trim()).toMatch(/^\d{2,}$/);
  });

  it.each([
    ["127.0.0.1:8888", "http://127.0.0.1:8888"],
    ["0.0.0.0:8888", "http://127.0.0.1:8888"],
    ["[::]:8888", "http://[::1]:8888"],
  ])("without --proxy, is for where the settings let it listen, and says so: %s", async (listen, proxy) => {
    const { stdout, stderr } = await ask("--listen", listen, "--ca", certificate());
    expect(stdout.text).toContain(`export http_proxy='${proxy}';`);
    expect(stderr.text).toContain(`for ${proxy}, as the settings say`);
  });

  it("--unset undoes all of it", async () => {
    const set = (await ask("--proxy", "http://127.0.0.1:9", "--ca", certificate())).stdout.text;
    const { stdout } = await ask("--unset");
    expect(inShell(`${set}${stdout.text}`, '"', "unset COMMANDS; env").match(/proxy|plainwire|cert|_CA/gi)).toBeNull();
  });

  it.each([
    [["--proxy", "127.0.0.1:8080"], "--proxy: expected a URL such as http://127.0.0.1:8080"],
    [["--proxy", "https://127.0.0.1:8080"], "--proxy: expected a URL"],
    [["--listen", "127.0.0.1:0"], "name it with --proxy URL"],
    [["--ca", "nowhere.pem"], "there is no CA certificate"],
    [[], "there is no CA certificate"],
  ])("%j is refused, and nothing is printed", async (argv, message) => {
    await expect(ask(...argv)).rejects.toThrow(message);
  });
});
