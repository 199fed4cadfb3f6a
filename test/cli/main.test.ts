import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";

const NAMES = [...COMMANDS.keys(), "help"].map((name) => `"${name}"`).join(", ");
const MAIN = path.join(import.meta.dirname, "../../src/main.ts");

function plainwire(...argv: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...argv], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

describe("plainwire", () => {
  it.each(["--help", "help", "start --nonsense -h"])("%s", (words) => {
    const { code, out, err } = plainwire(...words.split(" "));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("usage: plainwire [start] [flags]");
  });

  it.each(["run --help", "help run", "run -h --print-env"])("%s is about that command", (words) => {
    const { code, out, err } = plainwire(...words.split(" "));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("usage: plainwire run [flags] -- COMMAND [ARGUMENTS]\n");
    expect(out).toContain("--print-env");
  });

  it("leaves what follows -- to the command there", () => {
    expect(plainwire("config", "--", "--help")).toMatchObject({ code: 2, out: "" });
  });

  it("knows its version", () => {
    expect(plainwire("--version").out).toMatch(/^plainwire \d+\.\d+\.\d+\n$/);
  });

  it.each([
    ["tail", `plainwire: this version has no command "tail", only these: ${NAMES} (see plainwire --help)\n`],
    [
      "strat",
      `plainwire: this version has no command "strat", only these: ${NAMES}; did you mean start? (see plainwire --help)\n`,
    ],
    [
      "\u001b]0;owned\u0007",
      `plainwire: this version has no command "\\u001b]0;owned\\u0007", only these: ${NAMES} (see plainwire --help)\n`,
    ],
    ["--lisen", "plainwire: unknown flag --lisen; did you mean --listen? (see plainwire --help)\n"],
    ["--listen=8080", 'plainwire: --listen: expected HOST:PORT, such as 127.0.0.1:8080, not "8080"\n'],
  ])("refuses %j with exit code 2", (word, expected) => {
    expect(plainwire(word)).toEqual({ code: 2, out: "", err: expected });
  });

  it("says so on a Node.js that is too old, whatever modules it would choke on", () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '22.9.0' });";
    const script = `${pretend} Object.defineProperty(process, 'version', { value: 'v22.9.0' }); await import(${JSON.stringify(MAIN)});`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, "plainwire: needs Node.js 24 or newer, and this is v22.9.0\n"]);
  });
});
