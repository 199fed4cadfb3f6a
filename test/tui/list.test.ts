import { describe, expect, it } from "vitest";
import { FlowTable } from "../../src/tui/flows.ts";
import { initialModel } from "../../src/tui/model.ts";
import { view } from "../../src/tui/view/view.ts";
import { ENTER, ESC, HELLO, LOOK, T0, UP, User, done, failed, request, response, summary } from "./fixture.ts";

const selectedLine = (user: User): string =>
  user
    .sees()
    .split("\n")
    .find((line) => line.startsWith("▸")) ?? "";

describe("before the first request", () => {
  it("the screen says how to send one, and goes when it came", () => {
    const user = new User(80, 24);
    expect(user.sees()).toContain("Waiting for the first request. plainwire listens on http://127.0.0.1:8080");
    expect(user.sees()).toContain(
      "curl --proxy http://127.0.0.1:8080 \\\n      --cacert /home/me/ca.pem https://example.com",
    );
    expect(user.sees()).toContain("export HTTPS_PROXY=http://127.0.0.1:8080 HTTP_PROXY=http://127.0.0.1:8080");
    expect(user.sees()).toContain("export NODE_EXTRA_CA_CERTS=/home/me/ca.pem");
    user.receives(request("f1"));
    expect(user.sees()).not.toContain("Waiting");
    expect(user.row(2)).toContain("api.example.com");
  });

  it("F1 shows the page again, and back", () => {
    const user = new User(80, 24).receivesFlows(1).press("\x1bOP");
    expect(user.sees()).toContain("plainwire listens on http://127.0.0.1:8080");
    expect(user.sees()).not.toContain("Waiting");
    expect(user.press("q").row(2)).toContain("api.example.com");
    expect(user.effects).toEqual([]);
  });

  it("a CA path with blanks is quoted for the shell, a long one is never cut", () => {
    const ca = `/home/${"long/".repeat(30)}it's mine/ca.pem`;
    const user = new User(80, 24, { hello: { ca } });
    expect(user.sees().replaceAll("\n", "")).toContain(`--cacert '${ca.replace("'", "'\\''")}' https://example.com`);
  });

  it("q leaves at once", () => {
    expect(new User(80, 24).press("q").effects).toEqual([{ type: "quit" }]);
  });
});

describe("a flow's line", () => {
  it("fills as the flow goes on", () => {
    const user = new User(120, 40).receives(request("f1"));
    expect(user.row(2)).toMatch(/▸ +1 \d\d:\d\d:\d\d GET +… +api\.example\.com +\/v1\/users\?page=2 +– +– +open$/);
    user.receives(response("f1", { status: 404 }));
    expect(user.row(2)).toMatch(/GET +404 .* open$/);
    user.receives(done("f1", { status: 404 }));
    expect(user.row(2)).toMatch(/404 +api\.example\.com +\/v1\/users\?page=2 +json +1\.2k +250ms$/);
  });

  it("of a failure says why in place of the path", () => {
    const user = new User(120, 40).receives(failed("f1"));
    expect(user.row(2)).toMatch(
      /GET +✖ +broken\.example\.org +expired: a certificate of broken\.example\.org:443 has…? /,
    );
    expect(user.row(0)).toContain("1 flow  1 err");
  });

  it("of a tunnel has its own glyph and says why nobody read it", () => {
    const tunnel = { kind: "tunnel", method: "CONNECT", tunnel: "unknown-protocol", scheme: "tcp", port: 25 } as const;
    const user = new User(120, 40).receives(request("f1", tunnel));
    expect(user.row(2)).toMatch(/CONNECT ⇅ +api\.example\.com:25 +tunnel: neither TLS nor HTTP/);
  });

  it("of an attempt that named nobody still is a line", () => {
    const attempt = { kind: "attempt", method: "", url: "", host: "", port: 0 } as const;
    const user = new User(120, 40).receives(failed("f1", attempt, { code: "not-http", reason: "no HTTP" }));
    expect(user.row(2)).toMatch(/– +✖ +– +not-http: no HTTP/);
  });

  it("shows a port that is not the usual one, and IPv6 in brackets", () => {
    const user = new User(120, 40).receives(request("f1", { port: 8443 }), request("f2", { host: "::1", port: 8443 }));
    expect(user.row(2)).toContain(" api.example.com:8443 ");
    expect(user.row(3)).toContain(" [::1]:8443 ");
  });

  it("reads UTF-8 of the wire as UTF-8, and wide glyphs move no column", () => {
    const url = Buffer.from("https://x.example/日本語").toString("latin1");
    const user = new User(120, 40).receives(done("f1", { url }), done("f2"));
    const durationAt = (y: number): number =>
      view(user.model)
        .glyphs.slice(y * 120, y * 120 + 120)
        .lastIndexOf("s");
    expect(user.row(2)).toContain("/日本語");
    expect(durationAt(2)).toBe(durationAt(3));
  });

  it("is marked when an upstream was not verified", () => {
    const upstream = {
      version: "TLSv1.3",
      cipher: "c",
      alpn: null,
      verified: false,
      verdict: "expired",
      detail: null,
      insecure: true,
      chain: [],
    };
    const user = new User(120, 40).receives(done("f1", { tls: { client: null, upstream } }), done("f2"));
    expect(user.row(2)).toMatch(/^!/);
  });
});

describe("following", () => {
  it("the newest flow is selected as long as nobody moves", () => {
    const user = new User(80, 24).receivesFlows(50);
    expect(selectedLine(user)).toContain("/item/50");
    expect(user.row(0)).toContain("▼ follow");
    expect(user.row(22)).toContain("/item/50");
  });

  it("moving up stops it, and from then on no row moves, whatever arrives", () => {
    const user = new User(80, 24).receivesFlows(50).press(UP, "k");
    const rows = user.sees().split("\n").slice(1);
    expect(selectedLine(user)).toContain("/item/48");
    user.receivesFlows(37, 51);
    expect(user.sees().split("\n").slice(1)).toEqual(rows);
    expect(user.row(0)).toContain("▼ 37 new");
  });

  it("G goes to the newest and follows again", () => {
    const user = new User(80, 24).receivesFlows(50).press("g").receivesFlows(5, 51);
    expect(selectedLine(user)).toContain("/item/1 ");
    expect(selectedLine(user.press("G"))).toContain("/item/55");
    expect(selectedLine(user.receivesFlows(1, 56))).toContain("/item/56");
    expect(user.row(0)).toContain("▼ follow");
  });

  it("f turns it off and on", () => {
    const user = new User(80, 24).receivesFlows(3).press("f").receivesFlows(2, 4);
    expect(selectedLine(user)).toContain("/item/3");
    expect(user.row(0)).toContain("▼ 2 new");
    expect(selectedLine(user.press("f"))).toContain("/item/5");
  });

  it("what was scrolled into view is no longer new", () => {
    const user = new User(80, 24).receivesFlows(50).press("k").receivesFlows(30, 51);
    expect(user.row(0)).toContain("▼ 30 new");
    expect(user.press("\x1b[6~").row(0)).toContain("▼ 11 new");
  });

  it("the wheel scrolls, and upwards stops following", () => {
    const user = new User(80, 24).receivesFlows(50).press("\x1b[<64;5;5M");
    expect(user.row(22)).toContain("/item/47");
    expect(selectedLine(user)).toContain("/item/47");
    expect(user.row(0)).not.toContain("follow");
  });

  it("a click selects, a second one opens", () => {
    const user = new User(80, 24).receivesFlows(50).press("\x1b[<0;5;5M");
    expect(selectedLine(user)).toContain("/item/32");
    expect(user.press("\x1b[<0;5;5M").sees()).toContain("1 Overview");
  });

  it("the list keeps its place when the flow that was open is closed", () => {
    const user = new User(80, 24).receivesFlows(50).press(ENTER, ESC);
    expect(user.row(22)).toContain("/item/50");
    expect(user.row(2)).toContain("/item/30");
  });
});

describe("many flows", () => {
  it("the oldest go, the selection stays on what is left", () => {
    const flows = new FlowTable({ rows: 100 });
    const user = new User(80, 24);
    user.model = initialModel(HELLO, LOOK, 80, 24, flows);
    user.receivesFlows(60).press("g").receivesFlows(100, 61);
    expect(flows.first).toBe(61);
    expect(selectedLine(user)).toContain("/item/61");
    expect(user.row(0)).toContain("160 flows");
  });

  it("a flow whose details were forgotten still ends in its row, once", () => {
    const flows = new FlowTable({ known: 2 });
    for (const id of ["a", "b", "c"]) flows.apply(request(id));
    expect(flows.known("a")).toBeUndefined();
    flows.apply(failed("a"));
    expect(flows.next).toBe(4);
    expect(flows.row(1)).toMatchObject({ id: "a", state: "failed" });
    expect(flows.failed).toBe(1);
  });

  it("huge headers cost the details of older flows, never memory without end", () => {
    const flows = new FlowTable({ knownChars: 10_000 });
    const headers: [string, string][] = [["X", "y".repeat(4_000)]];
    for (const id of ["a", "b", "c"]) flows.apply(request(id, { headers }));
    expect(["a", "b", "c"].map((id) => flows.known(id) !== undefined)).toEqual([false, true, true]);
  });

  it("the same end told twice counts once", () => {
    const flows = new FlowTable();
    for (const event of [failed("a"), failed("a"), done("a")]) flows.apply(event);
    expect([flows.next, flows.failed, flows.row(1)?.state]).toEqual([2, 1, "failed"]);
  });

  it("a long URL of UTF-8 is still read as UTF-8 when it is cut", () => {
    for (const ahead of ["", "a", "aa"]) {
      const url = Buffer.from(`https://x/${ahead}${"日".repeat(300)}`).toString("latin1");
      expect(new User(120, 40).receives(done("f1", { url })).row(2)).toContain("日日日");
    }
  });

  it("a megabyte of URL is cut before it is kept", () => {
    const flows = new FlowTable();
    flows.apply({ ...done("a"), ...summary("a", { url: `https://x/${"a".repeat(1_000_000)}` }), event: "flow.done" });
    expect(flows.row(1)?.path.length).toBeLessThan(600);
  });
});

describe("the status line", () => {
  it("says loudly that upstreams are not verified", () => {
    expect(new User(60, 24, { hello: { insecure: true } }).row(0)).toMatch(
      /^ plainwire ● {1,2}NOT VERIFYING UPSTREAMS/,
    );
  });

  it("tells what the feed had to leave out", () => {
    const user = new User(120, 24).receives({ event: "gap", from: 1, to: 1200, count: 1200, reason: "slow_consumer" });
    expect(user.row(0)).toContain("1,200 events missed");
  });

  it("counts requests a second over the last seconds", () => {
    const user = new User(120, 24);
    for (let n = 0; n < 60; n += 1) user.receives(request(`f${n}`, { t: T0 + n * 50 }));
    expect(user.happens({ type: "tick", now: T0 + 3000 }).row(0)).toMatch(/20 req\/s$/);
    expect(user.happens({ type: "tick", now: T0 + 60_000 }).row(0)).toMatch(/ 0 req\/s$/);
  });
});

describe("keys that work everywhere", () => {
  it.each([
    ["Q", "quit"],
    ["\x03", "quit"],
    ["\x1a", "suspend"],
    ["\x0c", "repaint"],
  ])("%j asks for %s", (key, type) => {
    for (const before of [[], [ENTER], ["?"], ["\x1bOP"]]) {
      expect(
        new User(80, 24)
          .receivesFlows(2)
          .press(...before, key)
          .effects.at(-1),
      ).toEqual({ type });
    }
  });

  it("? explains all keys, and Esc goes back", () => {
    const user = new User(80, 24).receivesFlows(1).press("?");
    for (const word of ["Enter", "follow new flows", "suspend", "PgDn", "Ctrl-L", "wheel"])
      expect(user.sees()).toContain(word);
    expect(user.press(ESC).sees()).toContain("/item/1");
  });

  it("pasted text presses no keys", () => {
    expect(new User(80, 24).receivesFlows(1).press("\x1b[200~qQ\x03\x1b[201~").effects).toEqual([]);
  });
});
