import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { copyText } from "../../src/tui/clipboard.ts";
import { runTui } from "../../src/tui/run.ts";
import { FakeFeed, FakeHost, FakeTerminal } from "./fake-terminal.ts";
import { ENTER, ESC, User, content, done, failed, request, summary } from "./fixture.ts";

const url = "https://api.example.com/v1/users?page=2";
const posted = { ...summary("f1").req, size: 3 };

describe("the copy menu", () => {
  it("copies the URL of the selected flow", () => {
    const user = new User(100, 24).receives(done("f1")).press("y");
    expect(user.row(23)).toBe(" copy: what?  u URL  c curl command  Esc nothing");
    expect(user.press("u").effects).toEqual([{ type: "copy", what: "URL", text: url, leftOut: [] }]);
    expect(user.row(23)).toContain("j/k move");
  });

  it("copies nothing after another key, which does nothing else", () => {
    const user = new User(100, 24).receives(done("f1")).press("y", ESC, "y", "q", "y", "Q");
    expect(user.effects).toEqual([]);
  });

  it("a URL with hostile bytes is copied escaped", () => {
    const hostile = "https://x/\x1b[2J\n\xe2\x80\xae a";
    const user = new User(100, 24).receives(done("f1", { url: hostile })).press("y", "u");
    expect(user.effects).toMatchObject([{ text: "https://x/%1B[2J%0A%E2%80%AE%20a" }]);
  });

  it("copies a curl command, of the flow that is open as well", () => {
    const user = new User(100, 24)
      .receives(done("f1"), done("f2", { url: "https://two/" }))
      .press("k", ENTER, "y", "c");
    expect(user.effects).toMatchObject([{ type: "copy", what: "curl command", leftOut: ["Host"] }]);
    expect(user.effects).toMatchObject([{ text: expect.stringContaining(`curl '${url}' `) as string }]);
  });

  it("fetches the request's body for it, as it was sent", () => {
    const user = new User(100, 24).receives(done("f1", { method: "POST", req: posted })).press("y", "c");
    expect(user.effects).toEqual([{ type: "fetch-request", flow: "f1", ref: "f1/req", limit: 72 * 1024 }]);
    user.happens({ type: "request-body", flow: "f1", content: content("a=1") });
    expect(user.effects[1]).toMatchObject({ text: expect.stringMatching(/--data-raw 'a=1'$/) as string });
  });

  it("says that a body is missing if it can't be fetched or is still growing", () => {
    const leftOut = ["Host", "the body, which is not here in whole"];
    const user = new User(100, 24).receives(done("f1", { method: "POST", req: posted }));
    user.happens({ type: "request-body", flow: "f1", content: null });
    user
      .receives(request("f2"))
      .press("y", "c")
      .happens({ type: "request-body", flow: "f2", content: content("a") });
    expect(user.effects.filter(({ type }) => type === "copy")).toMatchObject([{ leftOut }, { leftOut }]);
  });

  it("says so where there is nothing to copy", () => {
    const attempt = { kind: "attempt", method: "", url: "", host: "" } as const;
    const user = new User(100, 24).receives(failed("f1", attempt)).press("y", "u");
    expect(user.row(23)).toBe(" this flow has no URL");
    expect(user.press("y", "c").row(23)).toBe(" this flow is no request that curl could send");
    expect(user.effects).toEqual([]);
  });

  it("shows where the text went until the next key", () => {
    const user = new User(100, 24).receives(done("f1")).happens({ type: "said", text: "URL copied by xclip" });
    expect(user.row(23)).toBe(" URL copied by xclip");
    expect(user.press("j").row(23)).toContain("j/k move");
  });
});

describe("the clipboard", () => {
  let folder = "";
  let written = "";
  const write = (text: string): void => void (written += text);
  const program = (name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o700);
  };
  /** A desktop on which only these programs are. */
  const desktop = (more: Record<string, string> = {}) => ({
    env: { PATH: `${folder}:/usr/bin:/bin`, OUT: join(folder, "out"), DISPLAY: ":9", ...more },
    platform: "linux" as const,
    write,
  });

  beforeEach(() => {
    written = "";
    folder = mkdtempSync(join(tmpdir(), "plainwire-copy-"));
    program("xclip", 'cat > "$OUT"; echo "$@" >> "$OUT"; echo noise');
    program("xsel", 'cat > "$OUT"; echo "$@" >> "$OUT"');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is filled by the desktop's program", async () => {
    expect(await copyText("a\n", desktop())).toBe("by xclip");
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("a\n-selection clipboard\n");
    expect(written).toBe("");
  });

  it("is filled by the next program if one fails, whatever it does with its input", async () => {
    program("xclip", "exit 1");
    expect(await copyText("a".repeat(1_000_000), desktop())).toBe("by xsel");
  });

  it.each([
    ["over SSH", { SSH_TTY: "/dev/pts/1" }],
    ["without a desktop", { DISPLAY: "" }],
  ])("is the terminal's %s", async (_, env) => {
    expect(await copyText("ä", desktop(env))).toContain("through the terminal (OSC 52, at most 74 KB)");
    expect(written).toBe("\x1b]52;c;w6Q=\x07");
  });

  it("is reached through tmux as well", async () => {
    await copyText("ä", desktop({ SSH_TTY: "1", TMUX: "/tmp/t,1,0" }));
    expect(written).toBe("\x1b]52;c;w6Q=\x07\x1bPtmux;\x1b\x1b]52;c;w6Q=\x07\x1b\\");
  });

  it("gets nothing that is too long for the terminal, and the error says so", async () => {
    await expect(copyText("a".repeat(74_995), desktop({ SSH_TTY: "1" }))).rejects.toThrow("75 KB is too much");
    expect(written).toBe("");
    await copyText("a".repeat(74_994), desktop({ SSH_TTY: "1" }));
    expect(written.length).toBeGreaterThan(99_000);
  });

  it("is filled from the UI, which then says how", async () => {
    const terminal = new FakeTerminal(100, 24);
    const [host, feed] = [new FakeHost(), new FakeFeed()];
    const { input, output } = terminal;
    const exit = runTui({ feed, input, output, env: { SSH_TTY: "1" }, host });
    feed.send(done("f1"));
    await terminal.press("yu");
    await vi.waitFor(() => {
      host.pass(40);
      expect(terminal.row(23)).toContain("URL copied through the terminal (OSC 52, at most 74 KB), if it allows that");
    });
    expect(terminal.written).toContain(`\x1b]52;c;${Buffer.from(url).toString("base64")}\x07`);
    await terminal.press("q");
    expect(await exit).toEqual({ reason: "quit" });
    expect(host.waiting).toBe(0);
  });
});
