import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startTimeOf } from "../../src/engine/process.ts";
import { announce, type EngineSession, readSessions } from "../../src/engine/runtime.ts";

let temporary: string;
let folder: string;

beforeEach(() => {
  temporary = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-runtime-"));
  folder = path.join(temporary, "plainwire");
});

afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(temporary, { recursive: true });
});

function session(fields: Partial<EngineSession> = {}): EngineSession {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    proxy: "http://127.0.0.1:8080",
    feed: "ws://127.0.0.1:8081/v1/feed",
    api: "http://127.0.0.1:8081",
    ca: "/home/ada/ca.pem",
    token: "t0k3n",
    epoch: "e1",
    version: "0.1.0",
    ...fields,
  };
}

/** What `announce` would have left there, had this engine been killed. */
function leave(left: EngineSession, name = String(left.pid)): string {
  const own = path.join(folder, name);
  fs.mkdirSync(own, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(own, "session.json"), JSON.stringify(left), { mode: 0o600 });
  return own;
}

/** Pid of a process that has ended. */
async function goneProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

const mode = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);

describe("an engine that is announced", () => {
  it("is found, with all that it said of itself", () => {
    announce(folder, session());
    expect(readSessions(folder)).toEqual([session()]);
  });

  it("leaves its token to its owner alone, whatever the umask", () => {
    const umask = process.umask(0);
    announce(folder, session());
    process.umask(umask);
    const own = path.join(folder, String(process.pid));
    expect([mode(folder), mode(own), mode(path.join(own, "session.json"))]).toEqual(["700", "700", "600"]);
    expect(fs.readdirSync(own)).toEqual(["session.json"]);
  });

  it("leaves nothing when it ends, and removing twice is no error", () => {
    const before = process.listenerCount("exit");
    const remove = announce(folder, session());
    remove();
    remove();
    expect(fs.readdirSync(folder)).toEqual([]);
    expect(readSessions(folder)).toEqual([]);
    expect(process.listenerCount("exit")).toBe(before);
  });

  it("removes what a killed one left, and nothing else", async () => {
    leave(session({ pid: await goneProcess(), startTime: 1 }));
    // Its pid is another process's now.
    leave(session({ pid: process.ppid, startTime: 1 }));
    fs.mkdirSync(path.join(folder, "run-7"));
    announce(folder, session());
    expect(fs.readdirSync(folder).sort()).toEqual([String(process.pid), "run-7"]);
  });

  it("replaces what an earlier one with the same pid left", () => {
    leave(session({ startTime: 1, token: "old" }));
    announce(folder, session());
    expect(readSessions(folder).map(({ token }) => token)).toEqual(["t0k3n"]);
  });
});

describe("who looks for engines", () => {
  it("finds the newest first", () => {
    const parent = leave(session({ pid: process.ppid, startTime: startTimeOf(process.ppid) }));
    fs.utimesSync(path.join(parent, "session.json"), 1000, 1000);
    announce(folder, session());
    expect(readSessions(folder).map(({ pid }) => pid)).toEqual([process.pid, process.ppid]);
  });

  it("finds none where there is no folder, and none that was killed", async () => {
    expect(readSessions(folder)).toEqual([]);
    leave(session({ pid: await goneProcess(), startTime: null }));
    leave(session({ startTime: 1 }));
    expect(readSessions(folder)).toEqual([]);
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "null"],
    ["half of it", JSON.stringify({ ...session(), token: undefined })],
    ["a pid that isn't the folder's", JSON.stringify(session({ pid: 1 }))],
    ["a number for a text", JSON.stringify({ ...session(), proxy: 8080 })],
    ["more than a session has", JSON.stringify(session({ ca: "x".repeat(20_000) }))],
  ])("passes over a file that holds %s", (_what, text) => {
    const own = leave(session());
    fs.writeFileSync(path.join(own, "session.json"), text);
    expect(readSessions(folder)).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("a hostile temporary folder", () => {
  const mallory = (): void => void vi.spyOn(process, "geteuid").mockReturnValue(fs.statSync(temporary).uid + 1);

  /** What somebody else made there before plainwire. */
  const traps: [string, () => void, RegExp][] = [
    [
      "a link to a folder",
      () => {
        fs.mkdirSync(`${folder}-elsewhere`, { mode: 0o700 });
        fs.symlinkSync(`${folder}-elsewhere`, folder);
      },
      /is not a folder/,
    ],
    [
      "a folder open to all",
      () => {
        fs.mkdirSync(folder);
        fs.chmodSync(folder, 0o777);
      },
      /open to other users \(mode 0777\)/,
    ],
    [
      "a folder that others may read",
      () => {
        fs.mkdirSync(folder);
        fs.chmodSync(folder, 0o750);
      },
      /open to other users \(mode 0750\)/,
    ],
    [
      "a folder of another user's",
      () => {
        fs.mkdirSync(folder, { mode: 0o700 });
        mallory();
      },
      /belongs to another user/,
    ],
  ];

  it.each(traps)("%s is given no token", (_what, set, words) => {
    set();
    expect(() => announce(folder, session())).toThrow(words);
    expect(fs.readdirSync(temporary, { recursive: true }).filter((name) => String(name).endsWith(".json"))).toEqual([]);
  });

  it.each(traps)("%s is not believed", (_what, set) => {
    set();
    vi.restoreAllMocks();
    leave(session());
    if (_what.includes("another user")) mallory();
    expect(readSessions(folder)).toEqual([]);
  });

  it("an engine's folder that is a link is not believed, and what it leads to is not removed", () => {
    const elsewhere = path.join(temporary, "elsewhere");
    fs.renameSync(leave(session({ startTime: 1 })), elsewhere);
    fs.symlinkSync(elsewhere, path.join(folder, String(process.ppid)));
    expect(readSessions(folder)).toEqual([]);
    announce(folder, session());
    expect(fs.existsSync(path.join(elsewhere, "session.json"))).toBe(true);
  });

  it("a file that is a link, or that others may read, is not believed", () => {
    const file = path.join(leave(session()), "session.json");
    expect(readSessions(folder)).toHaveLength(1);
    fs.chmodSync(file, 0o644);
    expect(readSessions(folder)).toEqual([]);
    fs.chmodSync(file, 0o600);
    fs.renameSync(file, path.join(temporary, "moved.json"));
    fs.symlinkSync(path.join(temporary, "moved.json"), file);
    expect(readSessions(folder)).toEqual([]);
  });
});
