import { describe, expect, it } from "vitest";
import { parseFilter } from "../../src/flow/filter.ts";
import { helpLines } from "../../src/tui/help-pages.ts";
import { ESC, User } from "./fixture.ts";

describe("the help", () => {
  it("names the keys, and on its second page the filter language", () => {
    const user = new User(80, 24).receivesFlows(1).press("?");
    expect(user.row(1)).toBe("  1 Keys   2 Filters");
    for (const words of ["filter the list", "search the list", "next, last hit", "copy URL or curl command"])
      expect(user.sees()).toContain(words);
    user.press("\t");
    for (const words of ["host:example.com", "status:4xx", "(its first 1,024 characters)", "~u ~d ~m ~c", "not a, -a"])
      expect(user.sees()).toContain(words);
    expect(user.press("\x1b[Z").sees()).toContain("search the list");
    expect(user.press(ESC).row(2)).toContain("api.example.com");
  });

  it("scrolls on a low screen, and all of it can be reached", () => {
    const user = new User(60, 10).press("?");
    expect(user.row(1)).toMatch(/↓ 16 more$/);
    expect(user.sees()).not.toContain("Shift-drag");
    expect(user.press(" ").row(2)).toContain("back; q in the list quits");
    expect(user.press("G").row(8)).toContain("Shift-drag");
    expect(user.row(1)).not.toContain("more");
    expect(user.press("j").row(8)).toContain("Shift-drag");
    expect(user.press("\x1b[<64;5;5M").row(8)).not.toContain("Shift-drag");
    expect(user.press("g").row(2)).toContain("move, scroll");
    user.press("G").happens({ type: "resize", cols: 100, rows: 40 });
    expect(user.row(2)).toContain("move, scroll");
  });

  it("gives only examples that are filters", () => {
    const examples = helpLines(1, 200).flatMap(([first]) => (first?.role === "key" ? first.text.split(", ") : []));
    expect(examples.length).toBeGreaterThan(10);
    for (const example of examples.filter((text) => !text.startsWith("~")))
      expect({ example, ok: parseFilter(example).ok }).toEqual({ example, ok: true });
  });

  it("cuts no word at 80 columns", () => {
    for (const page of [0, 1])
      for (const line of helpLines(page, 80))
        expect(
          line
            .map(({ text }) => text)
            .join("")
            .trimEnd().length,
        ).toBeLessThan(78);
  });
});
