import { describe, expect, it, vi } from "vitest";
import { type TuiExit, runTui } from "../../src/tui/run.ts";
import { FakeFeed, FakeHost, FakeTerminal } from "./fake-terminal.ts";
import { EXPIRED, content, done, failed, request } from "./fixture.ts";

async function started(cols = 80, rows = 24, env: Record<string, string> = {}) {
  const terminal = new FakeTerminal(cols, rows);
  const host = new FakeHost();
  const feed = new FakeFeed();
  const { input, output } = terminal;
  const exit = runTui({ feed, input, output, env: { TERM: "tmux-256color", ...env }, host });
  await terminal.settled();
  /** Lets the next frame come. */
  const frame = async (): Promise<void> => {
    host.pass(40);
    await terminal.settled();
  };
  return { terminal, host, feed, exit, frame };
}

type Started = Awaited<ReturnType<typeof started>>;

/** The terminal is as it was before: shell on the normal screen, cursor, no mouse, no raw mode. */
function expectRestored({ terminal }: Pick<Started, "terminal">): void {
  expect(terminal.xterm.buffer.active.type).toBe("normal");
  expect(terminal.xterm.modes).toMatchObject({
    mouseTrackingMode: "none",
    bracketedPasteMode: false,
    sendFocusMode: false,
    applicationCursorKeysMode: false,
  });
  expect(terminal.written.lastIndexOf("\x1b[?25h")).toBeGreaterThan(terminal.written.lastIndexOf("\x1b[?25l"));
  expect(terminal.input.raw).toBe(false);
  expect(terminal.input.isPaused()).toBe(true);
}

describe("taking the terminal", () => {
  it("shows the first page on the alternate screen, with mouse and bracketed paste", async () => {
    const { terminal, feed } = await started();
    expect(terminal.xterm.buffer.active.type).toBe("alternate");
    expect(terminal.xterm.modes).toMatchObject({ mouseTrackingMode: "vt200", bracketedPasteMode: true });
    expect(terminal.input.raw).toBe(true);
    expect(terminal.row(2)).toContain("Waiting for the first request");
    expect(feed.subscriptions).toEqual([{ events: ["flow.*", "tls.failed"], since: "start", bodies: "meta" }]);
    expect(terminal.noises).toEqual([]);
  });

  it("frames are synchronised updates", async () => {
    const { terminal } = await started();
    expect(terminal.written.split("\x1b[?2026h")).toHaveLength(2);
    expect(terminal.written.lastIndexOf("\x1b[?2026l")).toBeGreaterThan(terminal.written.lastIndexOf("Waiting"));
  });

  it("shows 256 colours, whatever TERM says", async () => {
    const { terminal, feed, frame } = await started();
    feed.send(done("f1"));
    await frame();
    expect(terminal.row(2)).toContain("200 api.example.com");
    expect(terminal.xterm.buffer.active.getLine(1)?.getCell(4)?.getFgColor()).toBe(244);
    expect(terminal.xterm.buffer.active.getLine(2)?.getCell(0)?.isInverse()).toBeTruthy();
  });

  it("NO_COLOR shows none", async () => {
    const { terminal, feed, frame } = await started(80, 24, { NO_COLOR: "1" });
    feed.send(done("f1"), failed("f2"));
    await frame();
    expect(terminal.written).not.toMatch(/[34]8;5;\d+m/);
    expect(terminal.row(3)).toContain("✖");
  });
});

describe("giving it back", () => {
  const endings: [how: string, end: (ui: Started) => void, exit: TuiExit][] = [
    ["q", ({ terminal }) => terminal.input.write("q"), { reason: "quit" }],
    ["Ctrl-C", ({ terminal }) => terminal.input.write("\x03"), { reason: "quit" }],
    ["SIGTERM", ({ host }) => host.emit("SIGTERM"), { reason: "quit" }],
    ["SIGHUP", ({ host }) => host.emit("SIGHUP"), { reason: "quit" }],
    ["the end of the input", ({ terminal }) => terminal.input.end(), { reason: "quit" }],
    ["the engine's end", ({ feed }) => feed.end("it crashed"), { reason: "engine-gone", message: "it crashed" }],
  ];

  it.each(endings)("after %s", async (_, end, exit) => {
    const ui = await started();
    end(ui);
    expect(await ui.exit).toEqual(exit);
    await ui.terminal.settled();
    expectRestored(ui);
    expect(ui.host.waiting).toBe(0);
  });

  it("after a crash, which is then the caller's", async () => {
    const ui = await started();
    ui.host.emit("crash", new Error("boom"));
    await expect(ui.exit).rejects.toThrow("boom");
    await ui.terminal.settled();
    expectRestored(ui);
  });

  it("after an event that breaks the UI itself", async () => {
    const ui = await started();
    ui.feed.send({ event: "flow.done", flow: "f1" });
    await expect(ui.exit).rejects.toThrow(TypeError);
    await ui.terminal.settled();
    expectRestored(ui);
  });

  it("when the process is ended by somebody else", async () => {
    const ui = await started();
    ui.host.emit("exit");
    await ui.terminal.settled();
    expectRestored(ui);
  });

  it("when the subscription is refused", async () => {
    const terminal = new FakeTerminal(80, 24);
    const feed = new FakeFeed();
    feed.subscribe = () => Promise.reject(new Error("no scope"));
    const exit = await runTui({ feed, input: terminal.input, output: terminal.output, env: {}, host: new FakeHost() });
    expect(exit).toEqual({ reason: "engine-gone", message: "no scope" });
    await terminal.settled();
    expectRestored({ terminal });
  });

  it("what ended is not drawn on any more", async () => {
    const { terminal, feed, exit, frame } = await started();
    terminal.input.write("q");
    await exit;
    const { written } = terminal;
    feed.send(done("f1"));
    await frame();
    expect(terminal.written).toBe(written);
  });
});

describe("Ctrl-Z", () => {
  it("gives the terminal back while the job is stopped, and takes it again after", async () => {
    const ui = await started();
    ui.feed.send(done("f1"));
    await ui.terminal.press("\x1a");
    expect(ui.host.suspended).toBe(1);
    expectRestored(ui);
    const { written } = ui.terminal;
    ui.feed.send(done("f2"));
    expect(ui.terminal.written).toBe(written);
    ui.host.emit("SIGCONT");
    await ui.frame();
    expect(ui.terminal.xterm.buffer.active.type).toBe("alternate");
    expect(ui.terminal.input.raw).toBe(true);
    expect(ui.terminal.row(3)).toContain("api.example.com");
    await ui.terminal.press("q");
    expect(await ui.exit).toEqual({ reason: "quit" });
  });

  it("where no shell could continue it, it goes on by itself", async () => {
    const ui = await started();
    await ui.terminal.press("\x1a");
    ui.host.pass(200);
    await ui.terminal.settled();
    expect(ui.terminal.xterm.buffer.active.type).toBe("alternate");
    expect(ui.terminal.row(2)).toContain("Waiting");
  });
});

describe("a running UI", () => {
  it("answers keys at once, and Escape after the wait for a sequence", async () => {
    const { terminal, feed, frame, host } = await started();
    feed.send(done("f1"));
    await frame();
    host.pass(100);
    await terminal.press("\r");
    expect(terminal.rows().join("\n")).toContain("1 Overview");
    host.pass(100);
    await terminal.press("\x1b");
    expect(terminal.rows().join("\n")).toContain("1 Overview");
    host.pass(25);
    await frame();
    expect(terminal.rows().join("\n")).not.toContain("1 Overview");
  });

  it("fetches a body and shows it", async () => {
    const { terminal, feed, frame } = await started();
    feed.answer = (ref) => Promise.resolve(content(`{"ref":"${ref}"}`));
    feed.send(done("f1"));
    await terminal.press("\r3");
    await frame();
    expect(terminal.rows().join("\n")).toContain('"ref": "f1/res"');
  });

  it("follows the size of the terminal", async () => {
    const { terminal, feed, frame, host } = await started();
    feed.send(done("f1"));
    terminal.xterm.resize(120, 30);
    Object.assign(terminal.output, { columns: 120, rows: 30 }).emit("resize");
    host.pass(50);
    await frame();
    expect(terminal.row(1)).toContain("type");
    expect(terminal.row(29)).toContain("j/k move");
    expect(terminal.row(23)).toBe("");
  });

  it("Ctrl-L mends what another program wrote over the screen", async () => {
    const { terminal, frame } = await started();
    terminal.xterm.write("\x1b[5;5Hgarbage");
    await terminal.press("\x0c");
    await frame();
    expect(terminal.rows().join("\n")).not.toContain("garbage");
    expect(terminal.row(2)).toContain("Waiting");
  });

  it("leaves frames out while the terminal does not read, and shows the newest state after", async () => {
    const { terminal, feed, host, frame } = await started();
    terminal.stalled = () => {};
    for (let n = 1; n <= 400; n += 1) {
      feed.send(request(`f${n}`, { url: `https://api.example.com/item/${n}` }));
      host.pass(40);
    }
    expect(terminal.output.writableLength).toBeLessThan(200_000);
    const taken = terminal.stalled;
    terminal.stalled = null;
    taken();
    await vi.waitFor(async () => {
      await frame();
      expect(terminal.row(22)).toContain("/item/400");
    }, 10_000);
  });

  it("says what an engine that leaves said", async () => {
    const { terminal, feed, frame } = await started(120);
    feed.send({ event: "goodbye", reason: EXPIRED.reason });
    await frame();
    expect(terminal.row(0)).toContain("the engine says goodbye");
  });
});
