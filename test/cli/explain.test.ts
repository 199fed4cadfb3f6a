import { expect, it } from "vitest";
import { explain, ToldFailure, UsageError } from "../../src/cli/explain.ts";
import { ConfigError } from "../../src/config/layer.ts";
import { EngineError } from "../../src/engine/error.ts";

it.each<[string, unknown, number, string[]]>([
  ["a wrong setting", new ConfigError(["a.json:1:2: x", "--feed: y"]), 2, ["a.json:1:2: x", "--feed: y"]],
  ["a wrong command line", new UsageError("unknown flag --x"), 2, ["unknown flag --x (see plainwire --help)"]],
  [
    "what the engine says",
    new EngineError("the port is taken", { exitCode: 3, fix: "take another" }),
    3,
    ["the port is taken; take another"],
  ],
  ["a fix that is a sentence", new ToldFailure("no key", 5, "Make one"), 5, ["no key. Make one"]],
  ["an engine's words of several lines", new ToldFailure("one\ntwo", 5), 5, ["one", "two"]],
  ["what is no error at all", "x", 1, ["this is a bug in plainwire:", "x"]],
])("%s", (_title, error, exitCode, lines) => {
  expect(explain(error)).toEqual({ exitCode, lines });
});

it("a bug, with its stack, so that it can be reported", () => {
  const { exitCode, lines } = explain(new TypeError("x is not a function"));
  expect([exitCode, lines[1]]).toEqual([1, "TypeError: x is not a function"]);
  expect(lines.join("\n")).toContain("explain.test.ts");
});
