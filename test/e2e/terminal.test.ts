/** The terminal UI in a real terminal, with a real engine behind it. */

import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { bareCurl } from "../support/curl.ts";
import { needs } from "../support/needs.ts";
import { type Origin, startOrigin } from "../support/origin.ts";
import { createTestCa } from "../support/pki.ts";
import { MAIN, startArguments, temporaryFolder } from "../support/plainwire.ts";
import type { Ran } from "../support/run.ts";
import { childrenOf, openTerminal, type Terminal, untilGone } from "../support/terminal.ts";

const ca = createTestCa();
let origin: Origin;

beforeAll(async () => {
  origin = await startOrigin(ca.issue());
});

afterAll(() => origin.close());

/** Would set the title, leave the alternate screen, clear what is there, and write at its top; in both forms of CSI. */
const EVIL = "\x1b]0;owned\x07\x1b[?1049l\x1b[2J\x9b2J\x1b[1;1Hgone\x1b[8m";

interface Started {
  terminal: Terminal;
  proxyUrl: string;
  curl(...args: string[]): Promise<Ran>;
  /** Pids of the terminal UI and of its engine. */
  tui: number;
  engine: number;
}

/** Starts plainwire in a terminal, as a user does, and waits for the Connect page. */
async function start(columns: number, rows: number, ...flags: string[]): Promise<Started> {
  const home = temporaryFolder();
  const args = startArguments(home, { upstreamCa: ca.certPem, flags }, false);
  const words = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
  // The shell shows what was there before, how it ended, and that a line can be typed again.
  const command = `echo before; ${words}; echo "exit $?"; read line; echo "typed $line"; exec cat`;
  const terminal = await openTerminal({ columns, rows, command, cwd: home.path, env: home.env });
  onTestFinished(async () => {
    await terminal.close();
    home.remove();
  });
  const screen = await terminal.until(/plainwire listens on (?:http:\S+)|exit \d/);
  const proxyUrl = /listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(screen)?.[1] ?? screen;
  const caPath = path.join(
    home.path,
    "ca",
    fs.readdirSync(path.join(home.path, "ca")).find((name) => !name.includes("key")) ?? "",
  );
  const [tui = 0] = await childrenOf(await terminal.pid());
  const [engine = 0] = await childrenOf(tui);
  return {
    terminal,
    proxyUrl,
    tui,
    engine,
    curl: (...more) => bareCurl(["--proxy", proxyUrl, "--cacert", caPath, ...more]),
  };
}

needs("tmux", "curl")("plainwire in a terminal", () => {
  it.each([
    [80, 24],
    [120, 40],
  ])("of %i x %i: connect, look, open, quit", async (columns, rows) => {
    const { terminal, curl, engine, proxyUrl } = await start(columns, rows);
    const page = await terminal.until(/Waiting for the first request/);
    expect(page).toContain(`curl --proxy ${proxyUrl}`);
    expect(page).toMatch(/q quit/);
    expect(await terminal.ask("#{alternate_on}")).toBe("1");

    expect(await curl("-H", "X-Odd-CASE: seen", origin.url("/looked-at?x=1"))).toMatchObject({ code: 0 });
    const list = await terminal.until(/GET\s+200\s+localhost.*\/looked-at\?x=1/);
    expect(list).toMatch(/1 flow\b/);

    await terminal.press("Enter");
    await terminal.until(/1 Overview/);
    await terminal.press("2");
    expect(await terminal.until(/X-Odd-CASE/)).toMatch(/X-Odd-CASE: +seen/);
    await terminal.press("3");
    expect(await terminal.until(/this is \/looked-at/)).toContain("Set-Cookie");

    await terminal.press("q");
    await terminal.until(/Enter open/);
    await terminal.press("q");
    const after = await terminal.until(/exit \d+/);
    expect(after).toMatch(/^before\n/);
    expect(after).toContain("stopped; 1 flow");
    expect(after).toContain("exit 0");
    expect(await terminal.ask("#{alternate_on} #{mouse_any_flag} #{cursor_flag}")).toBe("0 0 1");
    await untilGone(engine);
    // The line discipline is as it was: what is typed is echoed, and Enter ends a line.
    await terminal.press("hello", "Enter");
    expect(await terminal.until(/typed hello/)).toMatch(/^hello$/m);
  });

  it("shows a failure with its reason and the fix", async () => {
    const { terminal, curl } = await start(120, 40);
    await curl("https://127.0.0.1:1/refused");
    await terminal.until(/1 err/);
    await terminal.press("Enter");
    const detail = await terminal.until(/→/);
    expect(detail).toContain("refused the connection");
    await terminal.press("Q");
    await terminal.until(/exit 0/);
  });

  it("is not moved by what a hostile upstream sends", async () => {
    const hostile = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.end(
          `HTTP/1.1 200 ${EVIL}\r\nX-Evil: ${EVIL}\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`,
          "latin1",
        );
      });
    });
    hostile.listen(0, "127.0.0.1");
    await new Promise<void>((resolve) => void hostile.on("listening", () => resolve()));
    onTestFinished(() => void hostile.close());
    const { port } = hostile.address() as net.AddressInfo;
    const { terminal, curl } = await start(100, 30);
    const title = await terminal.ask("#{pane_title}");
    await curl("-o", "/dev/null", `http://127.0.0.1:${port}/hostile`);
    await terminal.until(/\/hostile/);
    await terminal.press("Enter");
    await terminal.press("3");
    const screen = await terminal.until(/X-Evil/);
    expect(screen).toMatch(/^ plainwire ●/);
    expect(await terminal.ask("#{alternate_on}")).toBe("1");
    expect(await terminal.ask("#{pane_title}")).toBe(title);
    await terminal.press("Q");
    await terminal.until(/exit 0/);
  });

  it("Ctrl-C ends it and its engine", async () => {
    const { terminal, engine } = await start(80, 24);
    await terminal.press("C-c");
    await terminal.until(/exit 0/);
    await untilGone(engine);
  });

  it("dies by kill -9: its engine ends in order all the same", async () => {
    const { engine, tui, proxyUrl } = await start(80, 24);
    process.kill(tui, "SIGKILL");
    await untilGone(engine);
    expect((await bareCurl(["--proxy", proxyUrl, "http://127.0.0.1:1/"])).code).toBe(7);
  });

  it("outlives its engine's death long enough to say so", async () => {
    const { terminal, engine } = await start(80, 24);
    process.kill(engine, "SIGKILL");
    const after = await terminal.until(/exit \d+/);
    expect(after).toContain("the engine ended");
    expect(after).toContain("exit 1");
    expect(await terminal.ask("#{alternate_on}")).toBe("0");
  });

  it("a port in use is told where the user looks, with exit code 3", async () => {
    const { terminal, proxyUrl } = await start(80, 24);
    const home = temporaryFolder();
    const args = startArguments(home, { flags: ["--listen", new URL(proxyUrl).host] }, false);
    const command = `${[process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ")}; echo "exit $?"; exec cat`;
    const second = await openTerminal({ columns: 80, rows: 24, command, cwd: home.path, env: home.env });
    onTestFinished(async () => {
      await second.close();
      home.remove();
    });
    const screen = await second.until(/exit \d+/);
    expect(screen.replaceAll("\n", "")).toContain("is in use");
    expect(screen).toContain("exit 3");
    await terminal.press("q");
    await terminal.until(/exit 0/);
  });
});
