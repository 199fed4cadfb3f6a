/** `plainwire start --headless` as scripts use it. */

import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { curl } from "../support/curl.ts";
import { readFeed } from "../support/feed-reader.ts";
import { needs } from "../support/needs.ts";
import { startOrigin } from "../support/origin.ts";
import { createTestCa } from "../support/pki.ts";
import { type Home, MAIN, startArguments, startPlainwire, temporaryFolder } from "../support/plainwire.ts";
import { type Ran, run } from "../support/run.ts";

let home: Home;

beforeEach(() => {
  home = temporaryFolder();
});

afterEach(() => home.remove());

/** Starts one that is expected to end by itself. */
function start(...flags: string[]): Promise<Ran> {
  const arguments_ = startArguments(home, { flags });
  return run(process.execPath, [MAIN, ...arguments_], { env: home.env, cwd: home.path });
}

describe("a start that fails says why, and nothing on standard output", () => {
  it("a port in use: exit 3", async () => {
    const first = await startPlainwire();
    try {
      for (const flag of ["--listen", "--feed"]) {
        const { code, stdout, stderr } = await start(flag, `127.0.0.1:${first.port}`);
        expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
        expect(stderr).toContain(`port ${first.port} on 127.0.0.1 is in use`);
        expect(stderr).toContain(flag);
        expect(stderr).not.toMatch(/^\s+at /m);
      }
    } finally {
      await first.stop();
    }
  });

  it("a CA key that others may read: exit 5", async () => {
    const first = await startPlainwire({ flags: ["--ca-dir", path.join(home.path, "ca")] });
    await first.stop();
    const key = keyFile();
    expect(fs.statSync(key).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(key)).mode & 0o777).toBe(0o700);
    fs.chmodSync(key, 0o644);
    const { code, stdout, stderr } = await start();
    expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
    expect(stderr).toContain(key);
    expect(stderr).toContain("chmod");
    expect(stderr).not.toContain("PRIVATE KEY");
  });

  it("a CA key that is a link: exit 5", async () => {
    const first = await startPlainwire({ flags: ["--ca-dir", path.join(home.path, "ca")] });
    await first.stop();
    const elsewhere = path.join(home.path, "elsewhere.pem");
    fs.renameSync(keyFile(), elsewhere);
    fs.symlinkSync(elsewhere, path.join(home.path, "ca", "ca-key.pem"));
    expect(await start()).toMatchObject({ code: 5, stdout: "" });
  });

  it.each([
    ["an unknown flag", ["--lisen", "127.0.0.1:0"], "did you mean --listen?"],
    ["an address that is none", ["--listen", "8080"], "expected HOST:PORT"],
    ["a CA file that is not there", ["--upstream-ca", "nowhere.pem"], "there is no such file"],
    ["a configuration that is not there", ["--config", "nowhere.json"], "nowhere.json"],
    ["a feed that the network could reach", ["--feed", "0.0.0.0:0"], "loopback"],
  ])("%s: exit 2", async (_title, flags, words) => {
    const { code, stdout, stderr } = await start(...flags);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(words);
  });

  const keyFile = (): string => {
    const folder = path.join(home.path, "ca");
    return path.join(folder, fs.readdirSync(folder).find((name) => name.includes("key")) ?? "");
  };
});

describe("a start that works", () => {
  it("writes exactly one line to standard output, and it holds what a script needs", async () => {
    const plainwire = await startPlainwire();
    const { ready } = plainwire;
    expect(Object.keys(ready)).toEqual(["event", "proxy", "feed", "api", "ca", "pid", "version"]);
    expect(ready).toMatchObject({ event: "listening", proxy: `http://127.0.0.1:${plainwire.port}` });
    expect(ready.feed).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/v1\/feed\?token=[\w-]{22,}$/);
    expect(ready.api).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(path.isAbsolute(ready.ca)).toBe(true);
    expect(plainwire.ca).toContain("BEGIN CERTIFICATE");
    expect(plainwire.ca).not.toContain("PRIVATE KEY");
    await plainwire.stop();
    expect(plainwire.lines).toEqual([]);
    expect(plainwire.stderr()).not.toContain(plainwire.token);
  });

  it("another token each time, and the same CA", async () => {
    const flags = ["--ca-dir", path.join(home.path, "ca")];
    const first = await startPlainwire({ flags });
    await first.stop();
    const second = await startPlainwire({ flags });
    await second.stop();
    expect(second.token).not.toBe(first.token);
    expect(second.ca).toBe(first.ca);
    expect(first.stderr()).toContain("created a CA");
    expect(second.stderr()).not.toContain("created a CA");
  });

  it("listens on nothing but what it was told, and on nothing once it has ended", async () => {
    const plainwire = await startPlainwire();
    const feedPort = Number(new URL(plainwire.apiUrl).port);
    expect(await accepts(plainwire.port)).toBe(true);
    expect(await accepts(feedPort)).toBe(true);
    await plainwire.stop();
    expect(await accepts(plainwire.port)).toBe(false);
    expect(await accepts(feedPort)).toBe(false);
  });

  it("keeps all that it writes below the folders it was given", async () => {
    const plainwire = await startPlainwire({ flags: ["--ca-dir", path.join(home.path, "ca")], cwd: home.path });
    await plainwire.stop();
    expect(fs.readdirSync(home.path)).toEqual(["ca"]);
  });

  it("ends in order with clients and watchers still there", async () => {
    const plainwire = await startPlainwire();
    const feed = await readFeed(plainwire);
    const socket = net.connect(plainwire.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("CONNECT 127.0.0.1:1 HTTP/1.1\r\n");
    const gone = new Promise<void>((resolve) => void socket.on("close", () => resolve()));
    await new Promise<void>((resolve) => void socket.on("ready", () => resolve()));
    await plainwire.stop();
    await gone;
    feed.close();
  });
});

needs("curl")("--json", () => {
  it("writes a line for each finished flow, and no other", async () => {
    const ca = createTestCa();
    const origin = await startOrigin(ca.issue());
    const plainwire = await startPlainwire({ upstreamCa: ca.certPem, flags: ["--json"] });
    await curl(plainwire, [origin.url("/one"), origin.url("/two")]);
    await curl(plainwire, ["http://127.0.0.1:1/refused"]);
    await plainwire.stop();
    await origin.close();
    const flows = plainwire.lines.map((line) => JSON.parse(line) as { url: string; state: string; status: number });
    expect(flows.map(({ url, state, status }) => [url, state, status])).toEqual([
      [origin.url("/one"), "done", 200],
      [origin.url("/two"), "done", 200],
      ["http://127.0.0.1:1/refused", "failed", 502],
    ]);
    expect(plainwire.stderr()).toContain("stopped; 3 flows, 1 failed");
  });
});

describe("an open flow at the end", () => {
  it("is a failed flow, with the reason", async () => {
    const origin = net.createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
    await new Promise<void>((resolve) => void origin.on("listening", () => resolve()));
    const { port } = origin.address() as net.AddressInfo;
    const plainwire = await startPlainwire({ flags: ["--json"] });
    const feed = await readFeed(plainwire);
    const client = net.connect(plainwire.port, "127.0.0.1");
    client.on("error", () => {});
    client.write(`GET http://127.0.0.1:${port}/open HTTP/1.1\r\nHost: a\r\n\r\n`);
    await feed.until((event) => event.event === "flow.request");
    await plainwire.stop();
    feed.close();
    client.destroy();
    origin.close();
    expect(plainwire.lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: "flow.failed", state: "failed", error: { code: "shutdown" } },
    ]);
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
