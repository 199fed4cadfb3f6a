/** An engine's life and death: what it leaves for others while it runs, and nothing afterwards. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { bareCurl } from "../support/curl.ts";
import { needs } from "../support/needs.ts";
import { type Home, MAIN, type Ready, startArguments, startPlainwire, temporaryFolder } from "../support/plainwire.ts";
import { run } from "../support/run.ts";
import { childrenOf, openTerminal, untilGone } from "../support/terminal.ts";

let home: Home;

beforeEach(() => {
  home = temporaryFolder();
  return () => home.remove();
});

interface Engine {
  child: ChildProcess;
  ready: Ready;
  /** Its files in the runtime folder. */
  folder: string;
  exit: Promise<{ code: number | null; signal: string | null }>;
}

async function start(): Promise<Engine> {
  const child = spawn(process.execPath, [MAIN, ...startArguments(home, {})], {
    cwd: home.path,
    env: home.env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit").then(([code, signal]) => ({ code, signal }) as Awaited<Engine["exit"]>);
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, ready: JSON.parse(line) as Ready, folder: path.join(runtime(), String(child.pid)), exit };
}

const runtime = (): string => path.join(home.path, "plainwire");

/** A watcher of the feed that never closes, which keeps the engine from ending at once. */
async function stubbornWatcher({ ready }: Engine): Promise<net.Socket> {
  const { hostname, port, host, pathname, searchParams } = new URL(ready.feed);
  const socket = net.connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  const head = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol: plainwire.feed.v1",
    `Authorization: Bearer ${searchParams.get("token")}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await reads(socket, /"hello"/);
  return socket;
}

async function reads(socket: net.Socket, pattern: RegExp): Promise<void> {
  for (let text = ""; !pattern.test(text);) text += String((await once(socket, "data"))[0]);
}

describe("what a running engine leaves for the user's other programs", () => {
  it("is what its ready line says, readable by the owner alone, and gone when it has ended", async () => {
    const { child, ready, folder, exit } = await start();
    const file = path.join(folder, "session.json");
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    for (const above of [folder, runtime()]) expect(fs.statSync(above).mode & 0o777).toBe(0o700);
    const session = JSON.parse(fs.readFileSync(file, "utf8")) as { feed: string; token: string };
    const { proxy, api, ca, pid, version } = ready;
    expect(session).toMatchObject({ proxy, api, ca, pid, version });
    expect(`${session.feed}?token=${session.token}`).toBe(ready.feed);
    child.kill("SIGTERM");
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(fs.readdirSync(runtime())).toEqual([]);
  });

  it("is gone, too, when a second signal ended it at once", async () => {
    const engine = await start();
    const watcher = await stubbornWatcher(engine);
    engine.child.kill("SIGINT");
    await reads(watcher, /"goodbye"/);
    expect(fs.existsSync(engine.folder)).toBe(true);
    engine.child.kill("SIGTERM");
    expect(await engine.exit).toEqual({ code: 130, signal: null });
    expect(fs.readdirSync(runtime())).toEqual([]);
  });

  it("is removed by the next start when it was killed", async () => {
    const killed = await start();
    killed.child.kill("SIGKILL");
    await killed.exit;
    expect(fs.existsSync(killed.folder)).toBe(true);
    const next = await start();
    expect(fs.readdirSync(runtime())).toEqual([String(next.child.pid)]);
  });

  it.runIf(process.platform === "linux")(
    "is the only place of its token: not its arguments, not its environment",
    async () => {
      const { ready, child } = await start();
      const token = new URL(ready.feed).searchParams.get("token") ?? "";
      expect(token).not.toBe("");
      for (const file of ["cmdline", "environ"])
        expect(fs.readFileSync(`/proc/${child.pid}/${file}`, "latin1")).not.toContain(token);
    },
  );
});

describe("a CA that can't be trusted: exit 5, with what to do", () => {
  const key = (): string => path.join(home.path, "ca", "ca-key.pem");

  it.each<[string, () => void, RegExp]>([
    ["a key for a group", () => fs.chmodSync(key(), 0o640), /open to other users \(mode 0640\).*chmod 600/],
    ["a key that is none", () => fs.writeFileSync(key(), "nonsense"), /not a PEM private key.*mv /],
    [
      "a key that is a link",
      () => {
        fs.renameSync(key(), `${key()}.elsewhere`);
        fs.symlinkSync(`${key()}.elsewhere`, key());
      },
      /is a symbolic link.*cp --remove-destination/,
    ],
    ["a key of another CA", () => fs.copyFileSync(otherKey(), key()), /ca-key\.pem.*mv /],
  ])("%s", async (_title, spoil, words) => {
    await makeCa();
    spoil();
    await refused(words);
  });

  it.runIf(process.geteuid?.() === 0)("a key of another user's", async () => {
    await makeCa();
    fs.chownSync(key(), 65_534, 65_534);
    await refused(/belongs to another user.*chown/);
  });

  async function makeCa(folder = "ca"): Promise<void> {
    const engine = await startPlainwire({ flags: ["--ca-dir", path.join(home.path, folder)] });
    await engine.stop();
    if (folder === "ca") await makeCa("other");
  }

  const otherKey = (): string => path.join(home.path, "other", "ca-key.pem");

  async function refused(words: RegExp): Promise<void> {
    const arguments_ = [MAIN, ...startArguments(home, {})];
    const { code, stdout, stderr } = await run(process.execPath, arguments_, { env: home.env, cwd: home.path });
    expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain("PRIVATE KEY");
  }
});

needs("tmux", "curl")("an engine behind a terminal UI", () => {
  async function open() {
    const words = [process.execPath, MAIN, ...startArguments(home, {}, false)].map((word) => `'${word}'`).join(" ");
    const command = `${words}; echo "exit $?"; exec cat`;
    const terminal = await openTerminal({ columns: 100, rows: 30, command, cwd: home.path, env: home.env });
    onTestFinished(() => terminal.close());
    const screen = await terminal.until(/listens on http:\/\/127\.0\.0\.1:\d+|exit \d/);
    const proxyUrl = /http:\/\/127\.0\.0\.1:\d+/.exec(screen)?.[0] ?? screen;
    const [tui = 0] = await childrenOf(await terminal.pid());
    const [engine = 0] = await childrenOf(tui);
    return { terminal, proxyUrl, tui, engine };
  }

  it("relays while the UI is stopped (Ctrl-Z), and the UI shows it when it goes on", async () => {
    const { terminal, proxyUrl, tui } = await open();
    process.kill(tui, "SIGSTOP");
    // plainwire's own answer for an upstream that is not there.
    const { code, stdout } = await bareCurl(["--proxy", proxyUrl, "-w", "%{http_code}", "http://127.0.0.1:1/stopped"]);
    expect({ code, status: stdout.slice(-3) }).toEqual({ code: 0, status: "502" });
    process.kill(tui, "SIGCONT");
    await terminal.until(/1 flow .*1 err/);
    await terminal.press("q");
    await terminal.until(/exit 0/);
  });

  it("ends in order when the terminal is gone", async () => {
    const { terminal, tui, engine } = await open();
    expect(fs.readdirSync(runtime())).toEqual([String(engine)]);
    await terminal.close();
    await untilGone(tui);
    await untilGone(engine);
    expect(fs.readdirSync(runtime())).toEqual([]);
  });
});
