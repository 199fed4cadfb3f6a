import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RequestContent, curlCommand } from "../../src/flow/curl.ts";
import type { HeaderList } from "../../src/flow/events.ts";
import { quoted } from "../../src/flow/shell-quote.ts";

let folder = "";

/** A `curl` that writes its arguments down, each with a NUL after it. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plainwire-curl-"));
  writeFileSync(join(folder, "curl"), `#!/bin/sh\nfor arg; do printf '%s\\0' "$arg"; done > argv\n`);
  chmodSync(join(folder, "curl"), 0o700);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What curl is given by `sh`, Latin-1. Anything else that the command does shows as a file, or in its output. */
function argv(command: string): string[] {
  const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, HOME: folder };
  const output = execFileSync("/bin/sh", ["-c", command], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  expect(output.toString()).toBe("");
  expect(readdirSync(folder).toSorted()).toEqual(["argv", "curl"]);
  return readFileSync(join(folder, "argv"), "latin1").split("\0").slice(0, -1);
}

const QUIET: HeaderList = [
  ["User-Agent", "u"],
  ["Accept", "*/*"],
];

function curl(
  over: { method?: string; url?: string; headers?: HeaderList; kind?: "http" | "tunnel" },
  body: string | Buffer | RequestContent | null = null,
) {
  const { method = "GET", url = "https://x.example/", headers = QUIET, kind = "http" } = over;
  const bytes = (text: string | Buffer): RequestContent => ({ bytes: Buffer.from(text), whole: true });
  const content = typeof body === "string" || Buffer.isBuffer(body) ? bytes(body) : body;
  const req = { headers, trailers: [], size: 0, wire: 0, body: null, changes: [] };
  return curlCommand({ kind, method, url, req }, content);
}

const HOSTILE: string[] = [
  "",
  "'",
  "''; touch pwned; '",
  "'\\''",
  '"; touch pwned; "',
  "$(touch pwned)",
  "`touch pwned`",
  "${HOME}",
  "$HOME",
  "; touch pwned",
  "| touch pwned",
  "& touch pwned &",
  "> pwned",
  "< /dev/null",
  "\\",
  "\\\\'",
  "trailing\\",
  "-o pwned",
  "--output=pwned",
  "-K-",
  "@pwned",
  "@-",
  "!!",
  "!touch",
  "%s%n%d",
  "\\n\\0\\c",
  "*",
  "~",
  "# no comment",
  "a\tb",
  "\x1b[2J\x1b]52;c;cm0=\x07",
  "\x03\x04\x15\x1a",
  "\x7f\x08",
  "line\ntouch pwned\n",
  "\n",
  "\n\n'\n\n",
  "a\n\x1b\n",
  "cr\r\ntouch pwned\r\n",
  "ünï 日本 😀",
  "\u202ehidden\u200b\u2066",
  "\u0085\u2028touch pwned\u2029",
  "e\u0301\ufe0f",
  "{a,b}[1-3]",
  " leading and trailing ",
];

const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");
const isOneLine = (text: string): boolean => !/[\r\n]/.test(text);

describe("whatever a peer sends reaches curl as one argument", () => {
  it.each(HOSTILE)("body %j", (text) => {
    const command = curl({ method: "POST", headers: [...QUIET, ["Content-Type", "t"]] }, text)?.command ?? "";
    const args = argv(command);
    const head = ["https://x.example/", "-H", "User-Agent: u", "-H", "Accept: */*", "-H", "Content-Type: t"];
    if (text === "") expect(args).toEqual(["-X", "POST", ...head]);
    else expect(args).toEqual([...head, "--data-raw", bytesOf(text)]);
  });

  it.each(HOSTILE.filter(isOneLine))("header %j", (text) => {
    const args = argv(curl({ headers: [...QUIET, ["X-A", bytesOf(text)]] })?.command ?? "");
    expect(args.slice(-2)).toEqual(["-H", text === "" ? "X-A;" : `X-A: ${bytesOf(text)}`]);
  });

  it.each(HOSTILE.filter(isOneLine))("path %j", (text) => {
    const args = argv(curl({ url: `https://x.example/${bytesOf(text)}` })?.command ?? "");
    const target = args.indexOf("--request-target");
    if (target < 0) expect(args[0]).toBe(`https://x.example/${bytesOf(text)}`);
    else expect([args[0], args[target + 1]]).toEqual(["https://x.example/", `/${bytesOf(text)}`]);
  });

  it("bytes that are no UTF-8", () => {
    const value = "\xff\xfe a\x80'\xc3";
    expect(argv(curl({ headers: [...QUIET, ["X-A", value]] })?.command ?? "").at(-1)).toBe(`X-A: ${value}`);
  });

  it("methods", () => {
    for (const method of ["-o", "`id`", "$'|&", "M-SEARCH"])
      expect(argv(curl({ method })?.command ?? "").slice(0, 2)).toEqual(["-X", method]);
  });

  it("and no control or hidden character is in the command, but line breaks of its own or at a body's end", () => {
    for (const text of HOSTILE) {
      const command = curl({ method: "POST" }, `${text}.`)?.command ?? "";
      expect(command.replaceAll(" \\\n  ", "")).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(quoted(`${text}.`)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }
  });
});

describe("the request is the one that was sent", () => {
  it("reads well", () => {
    const headers: HeaderList = [
      ["Host", "api.example.com"],
      ["User-Agent", "app/1"],
      ["accept", "*/*"],
      ["Content-Type", "application/json"],
      ["Content-Length", "8"],
      ["X-It", "it's"],
    ];
    const url = "https://api.example.com/v1/users?page=2&q=a";
    expect(curl({ method: "PUT", url, headers }, '{"a": 1}')?.command).toBe(
      [
        "# left out: Host, Content-Length",
        "curl -X 'PUT' \\",
        "  'https://api.example.com/v1/users?page=2&q=a' \\",
        "  -H 'User-Agent: app/1' \\",
        "  -H 'accept: */*' \\",
        "  -H 'Content-Type: application/json' \\",
        "  -H 'X-It: it'\\''s' \\",
        `  --data-raw '{"a": 1}'`,
      ].join("\n"),
    );
  });

  it("headers that curl would add are taken away, and another Host stays", () => {
    const args = argv(curl({ method: "POST", headers: [["Host", "other.example"]] }, "a")?.command ?? "");
    const own = ["-H", "User-Agent:", "-H", "Accept:", "-H", "Content-Type:"];
    expect(args).toEqual(["https://x.example/", "-H", "Host: other.example", ...own, "--data-raw", "a"]);
  });

  it("HEAD asks for no body, brackets and dots stay", () => {
    const args = argv(curl({ method: "HEAD", url: "https://x.example/a/../{b}[1]" })?.command ?? "");
    expect(args.slice(0, 4)).toEqual(["--head", "https://x.example/a/../{b}[1]", "--globoff", "--path-as-is"]);
  });

  it.each<[string, string | Buffer | RequestContent, string]>([
    ["binary", Buffer.from([0xff, 0, 1]), "the body of 3 bytes, which is not text"],
    ["with a NUL", "a\0b", "the body of 3 bytes, which is not text"],
    ["cut", { bytes: Buffer.from("ab"), whole: false }, "the body, which is not here in whole"],
    ["long", "a".repeat(70_000), "the body of 70000 bytes, too long for a command"],
  ])("a body that is %s is left out and said so", (_, body, words) => {
    const made = curl({ method: "POST" }, body);
    expect(made?.leftOut).toEqual([words]);
    expect(made?.command.split("\n")[0]).toBe(`# left out: ${words}`);
    expect(argv(made?.command ?? "")).not.toContain("--data-raw");
  });

  it("headers that could do harm are left out, with nothing of them in the comment", () => {
    const headers: HeaderList = [
      ...QUIET,
      ["@pwned", "a"],
      ["a b`id`", "c"],
      ["X", "a\r\nB: c"],
      ["Y", "a\0"],
      [":path", "/"],
      ["Proxy-Authorization", "secret"],
      ["constructor", "1"],
    ];
    const made = curl({ headers });
    expect(made?.command.split("\n")[0]).toBe("# left out: Proxy-Authorization, 4 headers that curl can not send");
    expect(argv(made?.command ?? "").slice(5)).toEqual(["-H", "constructor: 1"]);
  });

  it("is none for a tunnel, a URL that is none, a method that is none", () => {
    expect(curl({ kind: "tunnel" })).toBeNull();
    for (const url of ["", "x:443", "-o pwned", "file:///etc/passwd", "https://x/\n-o"])
      expect(curl({ url })).toBeNull();
    for (const method of ["", "G T", "\x1b"]) expect(curl({ method })).toBeNull();
  });
});
