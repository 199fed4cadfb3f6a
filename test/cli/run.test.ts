/** What a child is given by an engine that is none; real clients are in e2e/. */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { run } from "../../src/cli/run.ts";
import { runInEngine, type RunOptions } from "../../src/cli/run-in-engine.ts";
import { configSchema } from "../../src/config/schema.ts";
import { FakeFlowSource, flowDone } from "../support/fake-flow-source.ts";
import { FakeIo } from "../support/fake-io.ts";

const TOKEN = "t0k3n-of-the-feed";
let folder: string;
let source: FakeFlowSource;
let stops: number;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-run-"));
  fs.writeFileSync(path.join(folder, "ca.pem"), "CA");
  source = new FakeFlowSource();
  stops = 0;
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

const startEngine: RunOptions["startEngine"] = async () => ({
  proxyUrl: "http://127.0.0.1:18080",
  feed: { url: "ws://127.0.0.1:18081/v1/feed", token: TOKEN },
  apiUrl: "http://127.0.0.1:18081",
  caPath: path.join(folder, "ca.pem"),
  caCreated: false,
  source,
  stopped: new Promise(() => {}),
  stop: async () => void stops++,
});

/** `sh -c script`, with this process's own environment and what the test adds. */
function start(script: string, more: Partial<RunOptions> = {}) {
  const io = new FakeIo();
  io.cwd = folder;
  io.env = { PATH: process.env["PATH"], HOME: folder };
  const options: RunOptions = {
    settings: { ...configSchema.parse({}), ca: { dir: folder } },
    version: "0.1.0",
    command: "sh",
    args: ["-c", script],
    runtimeFolder: path.join(folder, "run"),
    startEngine,
    roots: () => [],
    ...more,
  };
  return { io, code: runInEngine(options, io) };
}

describe("plainwire run", () => {
  it("gives the child no token: not in its environment, not in a file that it names", async () => {
    const { code } = start('env > seen; cat /proc/self/cmdline "$WGETRC" "$SSL_CERT_FILE" >> seen');
    expect(await code).toBe(0);
    const seen = fs.readFileSync(path.join(folder, "seen"), "utf8");
    expect(seen).toMatch(/^PLAINWIRE_ACTIVE=1$/m);
    expect(seen).toMatch(/^PLAINWIRE_RUN=r_[0-9a-f]{8}$/m);
    expect(seen).toMatch(/^https_proxy=http:\/\/127\.0\.0\.1:18080$/m);
    expect(seen).not.toContain(TOKEN);
    expect(seen).not.toContain("18081");
  });

  it("removes the child's files and stops the engine, whatever became of the child", async () => {
    for (const more of [{}, { command: "./no-such-command" }]) {
      await start("true", more).code.catch(() => {});
      expect(fs.readdirSync(path.join(folder, "run"))).toEqual([]);
      expect(stops).toBeGreaterThan(0);
      stops = 0;
    }
  });

  it("that is told to end before there is a child starts none", async () => {
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const { io, code } = start("touch started", {
      startEngine: async (config) => {
        await begun;
        return startEngine(config);
      },
    });
    io.signal("SIGTERM");
    begin();
    expect(await code).toBe(143);
    expect(fs.existsSync(path.join(folder, "started"))).toBe(false);
    expect(io.signals.eventNames()).toEqual([]);
  });

  it("a runtime folder that others could read is not used: exit 4, with what to do", async () => {
    fs.mkdirSync(path.join(folder, "run"), { mode: 0o755 });
    await expect(start("true").code).rejects.toMatchObject({ exitCode: 4, fix: expect.stringContaining("chmod 700") });
  });

  it("tells of the first failures, and how many more there were", async () => {
    const failed = (id: string) => ({
      ...flowDone(id),
      event: "flow.failed",
      state: "failed",
      method: "GET",
      url: `http://${id}/\u001b[2J`,
      error: { reason: "nobody listens", hint: "Start it." },
    });
    const { io, code } = start("true", {
      startEngine: async (config) => {
        setImmediate(() => source.append(flowDone("f_0"), ...[1, 2, 3, 4, 5].map((at) => failed(`f_${at}`) as never)));
        return startEngine(config);
      },
    });
    await code;
    expect(io.stderr.lines).toEqual([
      "plainwire: 6 flows, 5 failed",
      ...[1, 2, 3].map((at) => `plainwire: failed: GET http://f_${at}/␛[2J: nobody listens. Start it.`),
      "plainwire: and 2 more failed",
    ]);
  });
});

describe("plainwire run without a child", () => {
  const ask = async (...argv: string[]): Promise<string> => {
    const io = new FakeIo();
    io.env = { HOME: folder, XDG_CONFIG_HOME: folder };
    io.cwd = folder;
    await run(parseArguments(argv), io, "0.1.0");
    return io.stdout.text;
  };

  it("--print-env shows the variables by who reads them, and makes nothing", async () => {
    const text = await ask("run", "--print-env", "--ca-dir", "my-ca");
    expect(text).toContain(
      `# Node.js\nNODE_USE_ENV_PROXY=1\nNODE_EXTRA_CA_CERTS=${path.join(folder, "my-ca/ca.pem")}\n`,
    );
    expect(text).toContain("SSL_CERT_DIR (unset)");
    expect(fs.readdirSync(folder)).toEqual(["ca.pem"]);
  });

  it("needs a command", async () => {
    await expect(ask("run")).rejects.toThrow("run needs a command: plainwire run -- curl https://example.com");
  });
});
