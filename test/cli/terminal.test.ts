import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { type TerminalOptions, terminal } from "../../src/cli/terminal.ts";
import type { FeedAddress, FeedClient } from "../../src/feed/client.ts";
import { FakeIo } from "../support/fake-io.ts";

let folder: string;
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-terminal-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** What an engine does that is all right: listens, and ends when its lifeline does. */
const GOOD_ENGINE = `
  process.stderr.write("plainwire: relaying\\n");
  fs.writeFileSync("given.json", JSON.stringify({ argv: process.argv.slice(2), env: process.env, pid: process.pid }));
  console.log(JSON.stringify({ event: "listening", feed: "ws://127.0.0.1:8081/v1/feed?token=t0k3n" }));
  process.stdin.resume().on("end", () => {
    console.log('{"event":"stopped","flows":12,"failed":2}');
    process.exit(0);
  });`;

interface Given {
  engine: string;
  argv?: string[];
  env?: NodeJS.ProcessEnv;
  tui?: TerminalOptions["runTui"];
  connectFeed?: TerminalOptions["connectFeed"];
}

function run({ engine, argv = [], env = {}, ...given }: Given): {
  io: FakeIo;
  code: Promise<number>;
  asked: FeedAddress[];
} {
  const io = new FakeIo();
  io.cwd = folder;
  io.env = { PATH: process.env["PATH"], ...env };
  io.entry = path.join(folder, "engine.mjs");
  fs.writeFileSync(io.entry, `import fs from "node:fs";${engine}`);
  const asked: FeedAddress[] = [];
  const connectFeed = async (address: FeedAddress): Promise<FeedClient> => {
    asked.push(address);
    return { close: () => {} } as FeedClient;
  };
  const runTui = given.tui ?? (async () => ({ reason: "quit" as const }));
  const options = {
    parsed: parseArguments(argv),
    stateFolder: path.join(folder, "state"),
    connectFeed,
    runTui,
    ...given,
  };
  return { io, code: terminal(options, io), asked };
}

interface EngineGiven {
  argv: string[];
  env: { [name: string]: string };
  pid: number;
}
const engineGiven = (): EngineGiven =>
  JSON.parse(fs.readFileSync(path.join(folder, "given.json"), "utf8")) as EngineGiven;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("plainwire in a terminal", () => {
  it("starts an engine, shows its feed, and when the user quits says in one line what passed", async () => {
    const { io, code, asked } = run({ engine: GOOD_ENGINE });
    expect(await code).toBe(0);
    expect(asked).toEqual([{ url: "ws://127.0.0.1:8081/v1/feed", token: "t0k3n" }]);
    expect(io.stderr.text).toBe("plainwire: stopped; 12 flows, 2 failed\n");
    expect(io.stdout.text).toBe("");
    expect(isAlive(engineGiven().pid)).toBe(false);
  });

  it("gives the engine the user's flags and environment, but nothing that leads it to itself", async () => {
    const argv = ["--listen", "127.0.0.1:0", "--json", "--config", "my.json"];
    const { code } = run({ engine: GOOD_ENGINE, argv, env: { LANG: "C", HTTPS_PROXY: "http://127.0.0.1:8080" } });
    await code;
    const { argv: words, env } = engineGiven();
    expect(words.slice(0, 3)).toEqual(["start", "--headless", "--lifeline"]);
    expect(parseArguments(words)).toMatchObject({ file: "my.json", lifeline: true });
    expect(Object.fromEntries(parseArguments(words).flags)).toEqual({
      listen: "127.0.0.1:0",
      headless: true,
      json: false,
    });
    expect([env["LANG"], env["HTTPS_PROXY"]]).toEqual(["C", undefined]);
  });

  it("keeps the engine's log readable by its owner alone, and empties it at each start", async () => {
    const file = path.join(folder, "state", "engine.log");
    fs.mkdirSync(path.dirname(file));
    fs.writeFileSync(file, "old\n", { mode: 0o644 });
    await run({ engine: GOOD_ENGINE }).code;
    expect(fs.readFileSync(file, "utf8")).toBe("plainwire: relaying\n");
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  it("leaves no engine behind when the UI crashes", async () => {
    const tui = async (): Promise<never> => {
      throw new Error("a bug in the UI");
    };
    const { code } = run({ engine: GOOD_ENGINE, tui });
    await expect(code).rejects.toThrow("a bug in the UI");
    expect(isAlive(engineGiven().pid)).toBe(false);
  });
});

describe("an engine that fails", () => {
  it("before it listens: its own words and exit code are plainwire's", async () => {
    const engine = `process.stderr.write("plainwire: port 8080 is in use. Try --listen 127.0.0.1:0\\n"); process.exit(3);`;
    await expect(run({ engine }).code).rejects.toMatchObject({
      message: "port 8080 is in use. Try --listen 127.0.0.1:0",
      exitCode: 3,
    });
  });

  it("by a signal before it listens: exit code 1", async () => {
    await expect(run({ engine: `process.kill(process.pid, "SIGKILL");` }).code).rejects.toMatchObject({ exitCode: 1 });
  });

  it("that can't be started at all: exit code 1 and the reason", async () => {
    const broken = new FakeIo();
    Object.assign(broken, { cwd: folder, execPath: path.join(folder, "no-such-node"), env: {} });
    const options = { parsed: parseArguments([]), stateFolder: path.join(folder, "state") } as TerminalOptions;
    await expect(terminal(options, broken)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining("ENOENT"),
    });
  });

  it("while the UI runs: exit code 1, and the log's end after the screen is restored", async () => {
    const tui = async () => ({ reason: "engine-gone" as const, message: "the connection closed" });
    const engine = `${GOOD_ENGINE} process.stderr.write("plainwire: the relay crashed\\n");`;
    const { io, code } = run({ engine, tui });
    expect(await code).toBe(1);
    expect(io.stderr.lines).toEqual([
      "plainwire: the engine ended: the connection closed",
      "plainwire: relaying",
      "plainwire: the relay crashed",
    ]);
  });

  it("whose feed refuses: exit code 1, with the reason", async () => {
    const connectFeed = () => Promise.reject(new Error("401"));
    const { code } = run({ engine: GOOD_ENGINE, connectFeed });
    await expect(code).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining("401") });
    expect(isAlive(engineGiven().pid)).toBe(false);
  });
});
