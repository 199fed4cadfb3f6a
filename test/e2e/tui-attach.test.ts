/** `plainwire attach` in a real terminal, on engines that come and go. */

import { describe, expect, it, onTestFinished } from "vitest";
import { needs } from "../support/needs.ts";
import { type Home, MAIN, type Plainwire, startPlainwire, temporaryFolder } from "../support/plainwire.ts";
import { run } from "../support/run.ts";
import { openTerminal, type Terminal } from "../support/terminal.ts";

/** Where all of one test's programs find each other. */
function home(): Home {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  return folder;
}

async function attach({ path, env }: Home, ...flags: string[]): Promise<Terminal> {
  const words = [process.execPath, MAIN, "attach", ...flags].map((word) => `'${word}'`).join(" ");
  const command = `${words}; echo "exit $?"; exec cat`;
  const terminal = await openTerminal({ columns: 100, rows: 30, command, cwd: path, env });
  onTestFinished(() => terminal.close());
  return terminal;
}

/** A headless engine that is found from `home`. */
const start = ({ env }: Home, ...flags: string[]): Promise<Plainwire> =>
  startPlainwire({ env: { XDG_RUNTIME_DIR: env["XDG_RUNTIME_DIR"] }, flags });

needs("tmux")("plainwire attach", () => {
  it("shows a running engine; when the user quits, it goes on", async () => {
    const own = home();
    const engine = await start(own);
    const terminal = await attach(own);
    await terminal.until(new RegExp(`listens on ${engine.proxyUrl}`));
    await terminal.press("q");
    const after = await terminal.until(/exit \d/);
    expect(after).toContain(`plainwire (pid ${engine.pid}) goes on at ${engine.proxyUrl}`);
    expect(after).toContain("exit 0");
    await engine.stop();
  });

  it("says so when the engine goes away, and shows the next one at the same address", async () => {
    const own = home();
    const first = await start(own);
    const terminal = await attach(own);
    await terminal.until(new RegExp(`listens on ${first.proxyUrl}`));
    await first.stop();
    await terminal.until(/engine gone.*waiting/s);
    expect(await terminal.ask("#{alternate_on}")).toBe("0");
    const second = await start(own, "--listen", new URL(first.proxyUrl).host);
    await terminal.until(new RegExp(`listens on ${first.proxyUrl}`));
    expect(await terminal.ask("#{alternate_on}")).toBe("1");
    await terminal.press("q");
    expect(await terminal.until(/exit \d/)).toContain(`plainwire (pid ${second.pid}) goes on`);
    await second.stop();
  });

  it("gives up waiting with q, and leaves the terminal as it was", async () => {
    const own = home();
    const engine = await start(own);
    const terminal = await attach(own);
    await terminal.until(new RegExp(`listens on ${engine.proxyUrl}`));
    await engine.stop();
    await terminal.until(/q quits/);
    await terminal.press("q");
    await terminal.until(/exit 0/);
    await terminal.press("echoed", "Enter");
    await terminal.until(/^echoed\nechoed$/m);
  });

  it("shows the one with the pid that is asked for", async () => {
    const own = home();
    const [first, second] = [await start(own), await start(own)];
    const terminal = await attach(own, "--pid", String(first.pid));
    await terminal.until(new RegExp(`listens on ${first.proxyUrl}`));
    await terminal.press("q");
    await terminal.until(/exit 0/);
    await Promise.all([first.stop(), second.stop()]);
  });

  it("without an engine says what to do: exit 6", async () => {
    const terminal = await attach(home());
    const screen = await terminal.until(/exit \d/);
    expect(screen).toContain("plainwire: no plainwire is running. Start one with plainwire");
    expect(screen).toContain("exit 6");
  });
});

describe("plainwire attach without a terminal", () => {
  it("says that it needs one: exit 2", async () => {
    const { path, env } = home();
    const { code, stderr } = await run(process.execPath, [MAIN, "attach"], { env, cwd: path });
    expect(code).toBe(2);
    expect(stderr).toContain("attach needs a terminal");
  });
});
