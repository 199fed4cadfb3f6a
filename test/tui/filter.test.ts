import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { parseFilter } from "../../src/flow/filter.ts";
import { FlowTable } from "../../src/tui/flows.ts";
import { edited, inserted, lineText } from "../../src/tui/line-editor.ts";
import { Listing } from "../../src/tui/listing.ts";
import { initialModel } from "../../src/tui/model.ts";
import { runTui } from "../../src/tui/run.ts";
import { view } from "../../src/tui/view/view.ts";
import { FakeFeed, FakeHost, FakeTerminal } from "./fake-terminal.ts";
import { ENTER, ESC, HELLO, LOOK, UP, User, done, failed, request, response } from "./fixture.ts";

const CTRL_U = "\x15";
const CTRL_F = "\x06";

/** Flows f1, f2...: every third is a POST that was not found. */
function mixed(count: number, size: [cols: number, rows: number] = [120, 24]): User {
  const user = new User(...size);
  for (let n = 1; n <= count; n += 1) {
    const url = `https://api.example.com/item/${n}`;
    user.receives(done(`f${n}`, n % 3 === 0 ? { url, method: "POST", status: 404 } : { url }));
  }
  return user;
}

const listed = (user: User): number[] =>
  Array.from(user.sees().matchAll(/^[▸ ] +(\d+) \d\d:/gm), ([, ordinal]) => Number(ordinal));
const selected = (user: User): number => Number(/^▸ +(\d+) /m.exec(user.sees())?.[1] ?? 0);

describe("the filter box", () => {
  it("filters while it is typed, and says how many of how many", () => {
    const user = mixed(12).press("/", ..."method:post");
    expect(listed(user)).toEqual([3, 6, 9, 12]);
    expect(user.row(23)).toBe(" ✔ filter: method:post");
    expect(user.row(0)).toContain("4 of 12 flows");
    user.press(ENTER);
    expect(listed(user)).toEqual([3, 6, 9, 12]);
    expect(user.row(0)).toContain("filter: method:post");
    expect(user.row(23)).toContain("j/k move");
  });

  it("says what is wrong where, and keeps the last filter that was right", () => {
    const user = mixed(12).press("/", ..."method:post hots:a");
    expect(user.row(23)).toBe(" ✖ filter: method:post hots:a");
    expect(user.row(22)).toBe(" ✖ column 13: unknown field hots; try host");
    user.press(CTRL_U, ..."method:post (");
    expect(listed(user)).toEqual([3, 6, 9, 12]);
    const { attrs, cols } = view(user.model);
    const wrong = attrs[23 * cols + 1];
    user.press(CTRL_U, "x");
    expect(view(user.model).attrs[23 * cols + 1]).not.toBe(wrong);
    // Enter does not accept what is no filter.
    user.press(CTRL_U, "(", ENTER);
    expect(user.row(23)).toContain("✖ filter: (");
  });

  it("Escape restores the filter and the selection that were there", () => {
    const user = mixed(12).press("/", ..."status:404", ENTER, "k", "k");
    expect(selected(user)).toBe(6);
    user.press("/", CTRL_U, ..."item/1", ESC);
    expect(listed(user)).toEqual([3, 6, 9, 12]);
    expect(selected(user)).toBe(6);
    expect(user.row(0)).not.toContain("follow");
  });

  it("a wider filter finds the selected flow again", () => {
    const user = mixed(12).press("k", "k", "/", ..."status:404");
    expect(selected(user)).toBe(12);
    expect(selected(user.press(CTRL_U))).toBe(10);
  });

  it("empty shows all", () => {
    const user = mixed(12).press("/", ..."status:404", ENTER, "/", CTRL_U, ENTER);
    expect(listed(user)).toHaveLength(12);
    expect(user.row(0)).toContain(" 12 flows");
  });

  it("that lets nothing through says so, opens nothing, and nothing is lost", () => {
    const user = mixed(12).press("k", "/", ..."nowhere", ENTER, ENTER, "j", "g", "y");
    expect(user.sees()).toContain("no flow matches the filter");
    expect(user.model.detail).toBeNull();
    user.press(ESC, "/", CTRL_U, ENTER);
    expect(selected(user)).toBe(11);
  });

  it("has a history", () => {
    const user = mixed(3).press("/", ..."one", ENTER, "/", CTRL_U, ..."two", ENTER, "/", CTRL_U, ..."dra");
    expect(user.press(UP).row(23)).toContain("filter: two");
    expect(user.press(UP, UP, UP).row(23)).toContain("filter: one");
    expect(user.press("\x1b[B", "\x1b[B").row(23)).toContain("filter: dra");
  });

  it("takes keys and pasted text as text, but Ctrl-C", () => {
    const user = mixed(3).press("/", "q", "Q", "?", " ", "\x1b[200~a\r\nb\x1b[201~");
    expect(user.row(23)).toContain("filter: qQ? a b");
    expect(user.effects).toEqual([]);
    expect(user.press("\x03").effects).toEqual([{ type: "quit" }]);
  });

  it("longer than the screen shows its end, and hostile text shows as dots", () => {
    const user = mixed(3, [80, 24]).press("/", ..."a".repeat(200), "z");
    expect(user.row(23)).toMatch(/^ ✔ filter: a+z$/);
    user.press(CTRL_U, "\x1b[200~\u202e\u200b\x1b[201~");
    expect(user.row(23)).toContain("filter: ··");
  });
});

describe("a filtered list", () => {
  it("follows the newest flow that matches, and moves among those", () => {
    const user = mixed(12).press("/", ..."status:404", ENTER);
    expect(selected(user)).toBe(12);
    user.receives(done("a"), done("b", { status: 404 }), done("c"));
    expect(selected(user)).toBe(14);
    expect(selected(user.press("k", "k"))).toBe(9);
    expect(selected(user.press("g"))).toBe(3);
    expect(selected(user.press("G"))).toBe(14);
  });

  it("stands still when not followed, and counts only what matches as new", () => {
    const user = mixed(60, [120, 10]).press("/", ..."status:404", ENTER, "k");
    const before = listed(user);
    user.receives(done("a", { status: 404 }), done("b"), done("c", { status: 404 }));
    expect(listed(user)).toEqual(before);
    expect(user.row(0)).toContain("▼ 2 new");
  });

  it("takes in a flow when it gets what the filter asks for, in its place, and lets it go", () => {
    const user = new User(120, 24).receives(request("a"), request("b"), done("c", { status: 404 }));
    user.press("/", ..."status:404", ENTER);
    expect(listed(user)).toEqual([3]);
    user.receives(response("a", { status: 404 }));
    expect(listed(user)).toEqual([1, 3]);
    user.press("/", CTRL_U, ..."not status:404", ENTER).receives(done("b", { status: 404 }));
    expect(listed(user)).toEqual([]);
  });

  it("is clicked where its rows are", () => {
    const user = mixed(12).press("/", ..."status:404", ENTER, "\x1b[<0;5;4M");
    expect(selected(user)).toBe(6);
  });

  it("finds by URL, not by the words of a failure", () => {
    const user = new User(120, 24).receives(failed("a"), done("b", { url: "https://x/certificate" }));
    expect(listed(user.press("/", ..."certificate"))).toEqual([2]);
  });
});

describe("a filter on many flows", () => {
  const many = (count: number): User => {
    const user = new User(120, 24);
    const flows = new FlowTable();
    for (let n = 1; n <= count; n += 1) flows.apply(done(`f${n}`, n % 3 === 0 ? { status: 404 } : {}));
    user.model = initialModel(HELLO, LOOK, 120, 24, flows);
    return user.happens({ type: "resize", cols: 120, rows: 24 });
  };

  it("is applied in slices; until then the list stays and says how far it is", () => {
    const user = many(6000).press("/", ..."status:404");
    expect(user.row(0)).toMatch(/ 6,000 flows .*filtering… 34 %/);
    expect(user.effects).toEqual([{ type: "refilter" }]);
    user.receives(done("f3"), done("new", { status: 404 })).happens({ type: "refilter", more: () => false });
    expect(user.effects).toEqual([{ type: "refilter" }, { type: "refilter" }]);
    user.happens({ type: "refilter", more: () => true });
    expect(user.row(0)).toContain("2,000 of 6,001 flows");
    expect(user.row(0)).not.toContain("filtering");
    expect(user.effects).toHaveLength(2);
    expect(selected(user)).toBe(6001);
  });

  it("finds the selected flow again when the slices are done", () => {
    const more = (): boolean => true;
    const user = many(6000)
      .press("g", "/", ..."status:404")
      .happens({ type: "refilter", more });
    expect(selected(user)).toBe(3);
    user.press("\x1b[H", "-").happens({ type: "refilter", more });
    expect(selected(user)).toBe(1);
  });

  it("goes on by itself in the running UI, and stops with it", async () => {
    const terminal = new FakeTerminal(120, 24);
    const [host, feed] = [new FakeHost(), new FakeFeed()];
    const { input, output } = terminal;
    const exit = runTui({ feed, input, output, env: {}, host });
    for (let n = 1; n <= 6000; n += 1) feed.send(done(`f${n}`, n % 3 === 0 ? { status: 404 } : {}));
    await terminal.press("/status:404");
    await vi.waitFor(async () => {
      host.pass(40);
      await terminal.settled();
      expect(terminal.row(0)).toContain("2,000 of 6,000 flows");
    });
    await terminal.press("\x15status:20\r\x03");
    expect(await exit).toEqual({ reason: "quit" });
    expect(host.waiting).toBe(0);
  });

  it("shows the same as if it had been on from the start, whatever comes in between", () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant("flow" as const),
        id: fc.integer({ min: 1, max: 60 }),
        status: fc.constantFrom(200, 404),
      }),
      fc.record({ type: fc.constant("work" as const) }),
      fc.record({ type: fc.constant("filter" as const), text: fc.constantFrom("", "status:404", "-status:404") }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new FlowTable({ rows: 20 });
        const listing = new Listing(table);
        let filter = "";
        for (const now of steps) {
          if (now.type === "work") listing.work(() => false);
          else if (now.type === "flow") {
            const changed = table.apply(done(`f${now.id}`, { status: now.status }));
            if (changed !== null) listing.changed(changed);
          } else {
            filter = now.text;
            const parsed = parseFilter(filter);
            if (parsed.ok) listing.refilter(parsed.filter);
          }
        }
        listing.work(() => true);
        const want = filter === "" ? null : filter === "status:404";
        const all = Array.from({ length: table.next - table.first }, (_, index) => table.first + index);
        const expected = all.filter((n) => want === null || (table.row(n)?.status === 404) === want);
        expect(Array.from({ length: listing.size }, (_, index) => listing.at(index))).toEqual(expected);
      }),
    );
  });
});

describe("searching the list", () => {
  it("hides nothing, goes from hit to hit and says when it went round", () => {
    const user = mixed(12).press("g", CTRL_F, ..."post", ENTER);
    expect(listed(user)).toHaveLength(12);
    expect(selected(user)).toBe(3);
    expect(selected(user.press("n"))).toBe(6);
    expect(selected(user.press("n", "n", "n"))).toBe(3);
    expect(user.row(23)).toBe(" search went on at the top");
    expect(selected(user.press("N"))).toBe(12);
    expect(user.row(23)).toBe(" search went on at the bottom");
  });

  it.each([
    ["EXAMPLE.COM", 1],
    ["item/7", 7],
    ["404", 3],
    ["post", 3],
    ["has expired", 13],
  ])("finds %j", (text, ordinal) => {
    const user = mixed(12)
      .receives(failed("x"))
      .press("g", CTRL_F, ...text, ENTER);
    expect(selected(user)).toBe(ordinal);
  });

  it("underlines its hits while they are typed, and Escape takes that back", () => {
    const user = mixed(3);
    const underlinedCells = (): string => {
      const { glyphs, attrs } = view(user.model);
      return glyphs.filter((_, cell) => (((attrs[cell] ?? 0) >> 18) & 2) !== 0).join("");
    };
    expect(underlinedCells()).toBe("");
    user.press(CTRL_F, ..."item/2");
    expect(underlinedCells()).toBe("item/2");
    user.press(ESC);
    expect(underlinedCells()).toBe("");
  });

  it("says what it did not find, and n without a search what to do", () => {
    const user = mixed(3).press("n");
    expect(user.row(23)).toBe(" nothing to search for yet: Ctrl-F");
    user.press(CTRL_F, ..."nowhere", ENTER);
    expect(user.row(23)).toBe(' nothing in the list has "nowhere"');
    expect(selected(user)).toBe(3);
    for (let second = 0; second < 6; second += 1) user.happens({ type: "tick", now: 0 });
    expect(user.row(23)).toContain("j/k move");
  });
});

describe("editing a line", () => {
  it.each([
    [["left", "left", "x"], "axbc"],
    [["home", "x", "end", "y"], "xabcy"],
    [["left", "backspace"], "ac"],
    [["home", "delete"], "bc"],
    [["left", "C-k"], "ab"],
    [["left", "C-u"], "c"],
    [["space", "d", "e", "C-w"], "abc "],
    [["😀", "left", "right", "backspace"], "abc"],
    [["f1", "pagedown", "C-t"], "abc"],
  ])("%j", (keys, expected) => {
    let line = { left: "abc", right: "" };
    for (const key of keys) line = edited(line, key) ?? line;
    expect(lineText(line)).toBe(expected);
  });

  it("takes at most 4,096 characters and no half of one", () => {
    expect(lineText(inserted({ left: "a", right: "" }, "😀".repeat(5000)))).toBe(`a${"😀".repeat(2047)}`);
  });
});
