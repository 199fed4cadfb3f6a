import { describe, expect, it } from "vitest";
import { parseArguments, toArgv } from "../../src/cli/arguments.ts";

const flags = (...argv: string[]): object => Object.fromEntries(parseArguments(argv).flags);

describe("the command line is understood", () => {
  it.each<[string, string[], object]>([
    ["no flag at all", [], {}],
    ["a value after a space", ["--listen", "127.0.0.1:0"], { listen: "127.0.0.1:0" }],
    ["a value after =", ["--listen=127.0.0.1:0"], { listen: "127.0.0.1:0" }],
    ["a value that looks like a flag, after =", ["--ca-dir=--x"], { "ca.dir": "--x" }],
    ["a switch", ["--json"], { json: true }],
    ["a switch turned off", ["--no-json"], { json: false }],
    ["the last of two", ["--json", "--no-json", "--feed", "a:1", "--feed", "b:2"], { json: false, feed: "b:2" }],
    ["a list, in order", ["--upstream-ca", "a", "--upstream-ca=b"], { upstreamCa: ["a", "b"] }],
    ["flags before and after the command", ["--json", "start", "--insecure"], { json: true, insecure: true }],
    ["a setting in a group", ["--max-connections", "5"], { "limits.connections": "5" }],
  ])("%s", (_title, argv, expected) => {
    expect(flags(...argv)).toEqual(expected);
  });

  it("start is what no command means", () => {
    expect([parseArguments([]).command, parseArguments(["tail"]).command]).toEqual(["start", "tail"]);
  });

  it("what follows -- is left as it is, for run", () => {
    const { command, rest, flags: none } = parseArguments(["run", "--", "curl", "--json", "--", "-v"]);
    expect([command, rest, none.size]).toEqual(["run", ["curl", "--json", "--", "-v"], 0]);
  });

  it("words and flags of a command", () => {
    const { words, own } = parseArguments(["ca", "--format=der", "export", "--out", "x.der"]);
    expect([words, [...own]]).toEqual([
      ["export"],
      [
        ["out", "x.der"],
        ["format", "der"],
      ],
    ]);
  });

  it("--config and the lifeline are no settings", () => {
    const { flags: none, file, lifeline } = parseArguments(["--config", "my.json", "--lifeline"]);
    expect([none.size, file, lifeline]).toEqual([0, "my.json", true]);
  });
});

describe("what isn't understood is refused in words", () => {
  it.each([
    [["--lisen", "x"], "unknown flag --lisen; did you mean --listen?"],
    [["--lisen=x"], "unknown flag --lisen; did you mean --listen?"],
    [["-x"], "unknown flag -x"],
    [["--no-listen"], "unknown flag --no-listen; did you mean --listen?"],
    [["--listen"], "--listen needs a value"],
    [["--listen", "--json"], "--listen needs a value"],
    [["--json=yes"], "--json takes no value"],
    [["start", "now"], 'unexpected argument "now"'],
    [["start", "--", "now"], 'unexpected argument "now"'],
    [["run", "curl"], 'unexpected argument "curl"; -- stands before a command: plainwire run [flags] -- COMMAND'],
    [["run", "--print-nv"], "unknown flag --print-nv; did you mean --print-env?"],
    [["paths", "--sources"], "--sources is a flag of plainwire config, not of paths"],
    [["--unset"], "--unset is a flag of plainwire env, not of start"],
    [["config", "--sources=yes"], "--sources takes no value"],
    [["config", "--no-sources"], "unknown flag --no-sources"],
    [["ca", "--out"], "--out needs a value"],
    [["--__proto__"], "unknown flag --__proto__"],
    [["--constructor", "x"], "unknown flag --constructor"],
  ])("%j", (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

it("another process is started with the same flags", () => {
  const argv = [
    "--config=-my.json",
    "--listen=127.0.0.1:0",
    "--upstream-ca=a",
    "--upstream-ca=-b",
    "--no-json",
    "--insecure",
  ];
  const parsed = parseArguments(argv);
  expect(parseArguments(toArgv(parsed))).toEqual(parsed);
});
