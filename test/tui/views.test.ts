import { describe, expect, it } from "vitest";
import { ENTER, User, done, failed, request } from "./fixture.ts";

const flows = (user: User): User =>
  user
    .receivesFlows(3)
    .receives(failed("f4"), request("f5", { method: "POST" }))
    .press("g");

describe("at 80x24", () => {
  const user = flows(new User(80, 24));
  it("has the columns that matter, and no other", () => {
    expect(user.row(1)).toBe("    # time     method st  host              path                    size   time");
    expect(user.row(2)).toMatch(/^▸ {3}1 \d\d:\d\d:\d\d GET {4}200 api\.example\.com {3}\/item\/1 +1\.2k {2}250ms$/);
    expect(user.row(5)).toMatch(/✖ {3}broken\.e…mple\.org a certificate of broken\.exa… {2}250ms$/);
    expect(user.row(6)).toMatch(/POST {3}… {3}api\.example\.com {3}\/v1\/users\?page=2 .* –   open$/);
  });
  it("tells the keys at the bottom", () => {
    expect(user.row(23)).toBe(" j/k move  Enter open  / filter  f follow  y copy  F1 connect  ? help  q quit");
  });
  it("opens the detail below", () => {
    user.press(ENTER);
    expect(user.row(8)).toMatch(/^─ 1 Overview ─ 2 Request ─ 3 Response ─+ #1 .*─$/);
    expect(user.row(9)).toBe(" GET https://api.example.com/item/1");
    expect(user.row(23)).toContain("Esc back");
  });
});

describe("at 120x40", () => {
  const user = flows(new User(120, 40));
  it("has the type as well", () => {
    expect(user.row(1)).toMatch(/^ {4}# time {5}method {2}st {2}host +path +type +size +time$/);
    expect(user.row(2)).toMatch(/json +1\.2k +250ms$/);
    expect(user.row(2)).toHaveLength(119);
  });
  it("opens the detail below", () => {
    expect(user.press(ENTER).row(13)).toContain("─ 1 Overview ─");
  });
});

describe("at 200x50", () => {
  const user = flows(new User(200, 50));
  it("opens the detail to the right", () => {
    user.press(ENTER);
    expect(user.row(1).slice(100)).toMatch(/^│─ 1 Overview ─/);
    expect(user.row(2).slice(100)).toMatch(/^│ GET https:\/\/api\.example\.com\/item\/1/);
    expect(user.row(2).slice(0, 100)).toMatch(/▸ +1 /);
  });
});

describe("at any size", () => {
  it("a list never has a line that is longer than the screen, nor fails", () => {
    for (let cols = 1; cols < 230; cols += 3) {
      for (const rows of [1, 2, 7, 8, 9, 13, 24, 60]) {
        const user = flows(new User(cols, rows)).press(ENTER, "\t", "\t").receives(done("f9"));
        expect(user.sees().split("\n")).toHaveLength(rows);
        user.press("?").sees();
      }
    }
  });

  it("too small is said, and a larger screen shows all again", () => {
    const user = flows(new User(39, 24));
    expect(user.row(0)).toBe("too small");
    expect(user.happens({ type: "resize", cols: 80, rows: 24 }).row(2)).toContain("/item/1");
  });

  it("a resize keeps the selected flow in view", () => {
    const user = new User(80, 60).receivesFlows(50).press("k");
    expect(user.happens({ type: "resize", cols: 80, rows: 10 }).sees()).toMatch(/▸ +49 /);
  });
});

describe("a terminal that can't show all", () => {
  it("without UTF-8 gets ASCII only", () => {
    const user = flows(new User(120, 40, { look: { color: true, ascii: true } })).receives(
      done("f7", { url: "https://x/ünï日本" }),
    );
    expect(user.press("G", "k").sees()).toMatch(/^[\x20-\x7e\n]*$/);
    expect(user.sees()).toMatch(/GET +x +broken/);
    expect(user.press(ENTER, "\t", "\t", "?").sees()).toMatch(/^[\x20-\x7e\n]*$/);
  });
});
