/** `plainwire run -- COMMAND`, with real clients: nothing on the machine is changed, and each is seen. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../support/needs.ts";
import { createTestCa } from "../support/pki.ts";
import { type Home, MAIN, temporaryFolder } from "../support/plainwire.ts";
import { type Ran, run } from "../support/run.ts";

const ca = createTestCa();
const { chainPem: cert, keyPem: key } = ca.issue();
const server = https.createServer({ cert, key });
let home: Home;
let asked: string[] = [];

beforeAll(async () => {
  server.on("request", (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const [type, body] = PAGES[request.url ?? ""] ?? ["text/plain", "seen"];
    response.writeHead(200, { "Content-Type": type }).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

beforeEach(() => {
  home = temporaryFolder();
  fs.writeFileSync(path.join(home.path, "upstream-ca.pem"), ca.certPem);
  asked = [];
});

afterEach(() => home.remove());

const url = (page: string): string => `https://localhost:${(server.address() as AddressInfo).port}${page}`;

const words = (...command: string[]): string[] => [MAIN, "run", "--upstream-ca", "upstream-ca.pem", "--", ...command];

/** The test's own HOME, so that no setting of this machine's user leads a client elsewhere. */
const runs = (command: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  run(process.execPath, words(...command), { cwd: home.path, env: { ...home.env, ...FOREIGN, ...env } });

/** What a shell may have set, and would win if it were left. */
const FOREIGN = { NO_PROXY: "localhost,127.0.0.1", https_proxy: "http://127.0.0.1:1", SSL_CERT_FILE: "/nowhere" };

/** A client of its own for each ecosystem: its request arrived, and plainwire had it as a flow that went well. */
function isSeen(program: string, command: () => string[], request: string, code = 0): void {
  needs(program)(`${program} in plainwire run`, () => {
    it("is seen, and trusts what it is given", async () => {
      const ran = await runs(command());
      expect(ran, ran.stderr).toMatchObject({ code });
      expect(asked).toContain(request);
      expect(ran.stderr).toMatch(/^plainwire: [1-9]\d* flows?$/m);
    });
  });
}

isSeen("curl", () => ["curl", "--disable", "--silent", "--show-error", url("/curl")], "GET /curl");
isSeen("wget", () => ["wget", "--quiet", "--tries=1", "--output-document=-", url("/wget")], "GET /wget");
isSeen("git", () => ["git", "ls-remote", url("/repo.git")], "GET /repo.git/info/refs?service=git-upload-pack");
isSeen(
  "python3",
  () => ["python3", "-c", "import sys, urllib.request as u; u.urlopen(sys.argv[1]).read()", url("/urllib")],
  "GET /urllib",
);
isSeen("npm", () => ["npm", "view", "demo", "version", "--registry", url("/npm/")], "GET /npm/demo");
// It finds no release on the page, but the page it found.
isSeen(
  "pip",
  () => ["pip", "download", "--disable-pip-version-check", "--no-cache-dir", "--index-url", url("/simple/"), "demo"],
  "GET /simple/demo/",
  1,
);

describe("Node.js in plainwire run", () => {
  it.each([
    ["fetch", "await fetch(process.argv[1])"],
    ["node:https", "(await import('node:https')).get(process.argv[1], (response) => response.resume())"],
  ])("%s is seen, and trusts what it is given", async (page, script) => {
    const ran = await runs([process.execPath, "--input-type=module", "--eval", script, url(`/${page}`)]);
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringMatching(/^plainwire: 1 flow$/m) });
    expect(asked).toEqual([`GET /${page}`]);
  });
});

needs("git")("a proxy in git's own settings", () => {
  it("does not win", async () => {
    fs.writeFileSync(path.join(home.path, ".gitconfig"), "[http]\n\tproxy = http://127.0.0.1:1\n");
    const ran = await runs(["git", "ls-remote", url("/repo.git")]);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("refs/heads/main") });
  });
});

needs("wget")("the user's own wgetrc", () => {
  it("still holds, but for the proxy and the CA", async () => {
    fs.writeFileSync(path.join(home.path, ".wgetrc"), "https_proxy = http://127.0.0.1:1\nheader = X-Own: 1\n");
    const headers = once(server, "request").then(([request]) => (request as { headers: object }).headers);
    expect(await runs(["wget", "--quiet", "--tries=1", "--output-document=-", url("/wget")])).toMatchObject({
      code: 0,
    });
    expect(await headers).toMatchObject({ "x-own": "1" });
  });
});

needs("python3")("Ctrl-C in a terminal", () => {
  /** Runs its arguments on a terminal of their own, and types Ctrl-C at each line that asks for it, twenty times. */
  const TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
said, typed = b"", 0
while True:
    try: chunk = os.read(terminal, 4096)
    except OSError: break
    if not chunk: break
    said += chunk
    while typed < min(20, said.count(b"again")):
        os.write(terminal, bytes([3]))
        typed += 1
print(said.decode(), "exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

  it("reaches the command once each time, and plainwire stays until that has ended", async () => {
    // Two that come at once may be one to the child: hence so many. One more would come within milliseconds.
    const script = `let signals = 0;
      process.on("SIGINT", () => {
        console.log("again");
        if (++signals === 20) setTimeout(() => process.exit(signals), 300);
      });
      console.log("again"); setInterval(() => {}, 1000);`;
    const command = [process.execPath, ...words(process.execPath, "--eval", script)];
    const ran = await run("python3", ["-c", TERMINAL, ...command], { cwd: home.path, env: home.env });
    expect(ran.stdout).toMatch(/plainwire: 0 flows[^]* exit 20\n$/);
  });
});

describe("a command in plainwire run", () => {
  it("has its standard input, output and arguments to itself", async () => {
    const script = 'cat; printf "%s|" "$@"; echo told >&2';
    const child = run(process.execPath, words("sh", "-c", script, "sh", "--help", "a b", "--"), {
      cwd: home.path,
      env: home.env,
      input: "typed ",
    });
    const { code, stdout, stderr } = await child;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "typed --help|a b|--|" });
    expect(stderr).toContain("told\n");
  });

  it.each([
    ["ends with its own exit code", "exit 42", 42],
    ["that a signal ended", "kill -TERM $$", 143],
    ["that a signal killed", "kill -KILL $$", 137],
  ])("%s", async (_title, script, code) => {
    expect(await runs(["sh", "-c", script])).toMatchObject({ code, stdout: "" });
  });

  it("that isn't there: exit 127, in words; that can't be executed: 126", async () => {
    expect(await runs(["./no-such-command"])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('there is no command "./no-such-command"'),
    });
    expect(await runs(["./upstream-ca.pem"])).toMatchObject({
      code: 126,
      stderr: expect.stringContaining('"./upstream-ca.pem" can\'t be executed'),
    });
  });

  it("that fails to reach a host is told why, in words", async () => {
    const script = "(await import('node:http')).get('http://127.0.0.1:1/gone', (response) => response.resume())";
    const { stderr } = await runs([process.execPath, "--input-type=module", "--eval", script]);
    expect(stderr).toMatch(/^plainwire: 1 flow, 1 failed$/m);
    expect(stderr).toMatch(/^plainwire: failed: GET http:\/\/127\.0\.0\.1:1\/gone: .*refused/m);
  });

  it("that sends nothing is told so", async () => {
    expect((await runs(["true"])).stderr).toContain("plainwire: 0 flows; the command sent nothing through the proxy");
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "gets %s once, and its own way of ending counts",
    async (signal) => {
      const script = `process.on("${signal}", () => { console.log("got"); setImmediate(() => process.exit(7)); });
      console.log("ready"); setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, words(process.execPath, "--eval", script), {
        cwd: home.path,
        env: home.env,
        // A session of its own: the terminal of who runs the tests has no part in it.
        detached: true,
        stdio: ["ignore", "pipe", "ignore"],
      });
      let out = "";
      child.stdout.on("data", (chunk: Buffer) => {
        if (out === "") child.kill(signal);
        out += chunk.toString();
      });
      const [code] = (await once(child, "close")) as [number];
      expect({ code, out }).toEqual({ code: 7, out: "ready\ngot\n" });
    },
  );

  it("leaves the CA, and nothing else that a start would not leave", async () => {
    await runs(["true"]);
    const files = fs.readdirSync(home.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).toSorted()).toEqual(["ca-key.pem", "ca.pem", "upstream-ca.pem"]);
  });

  it("reads a bundle of the usual roots and the CA, which only its user can read", async () => {
    const script =
      'cat "$SSL_CERT_FILE" | grep -c BEGIN; ls -ld "$(dirname "$SSL_CERT_FILE")" "$SSL_CERT_FILE" "$WGETRC"';
    const [count, ...modes] = (await runs(["sh", "-c", script])).stdout.trim().split("\n");
    expect(Number(count)).toBeGreaterThan(50);
    expect(modes.map((line) => line.slice(0, 10)).toSorted()).toEqual(["-rw-------", "-rw-------", "drwx------"]);
  });
});

const REFS = `${"a".repeat(40)}\trefs/heads/main\n`;
const PAGES: { [path: string]: [type: string, body: string] | undefined } = {
  "/repo.git/info/refs?service=git-upload-pack": ["text/plain", REFS],
  "/repo.git/HEAD": ["text/plain", "ref: refs/heads/main\n"],
  "/npm/demo": [
    "application/json",
    JSON.stringify({ name: "demo", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": { version: "1.0.0" } } }),
  ],
  "/simple/demo/": ["text/html", "<!DOCTYPE html><html><body></body></html>"],
};
