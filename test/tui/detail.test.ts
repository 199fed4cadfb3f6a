import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { BodyContent } from "../../src/feed/client.ts";
import type { FlowSummary } from "../../src/flow/events.ts";
import { FlowTable } from "../../src/tui/flows.ts";
import { initialModel } from "../../src/tui/model.ts";
import { ENTER, ESC, HELLO, LOOK, User, content, done, failed, request, response, summary } from "./fixture.ts";

/** A user who looks at the response of a flow, before its body came. */
function looksAtResponse(over: Partial<FlowSummary> = {}, cols = 100, rows = 60): User {
  return new User(cols, rows).receives(request("f1"), done("f1", over)).press(ENTER, "3");
}

function bodyCame(user: User, body: BodyContent): User {
  const asked = user.effects.findLast((effect) => effect.type === "fetch-body");
  if (!asked) throw new Error("no body was asked for");
  return user.happens({ type: "body", key: asked.key, content: body });
}

describe("the overview", () => {
  it("of a failure says what happened, what to do, and in whose words", () => {
    const user = new User(100, 60).receives(failed("f1")).press(ENTER);
    expect(user.sees()).toContain("✖ a certificate of broken.example.org:443 has expired");
    expect(user.sees()).toContain("→ Renew it on the server");
    expect(user.sees()).toContain("reported   certificate has expired");
    expect(user.sees()).toContain("The client received 502");
  });

  it("of a refused handshake names the alert", () => {
    const tlsFailed = { event: "tls.failed", flow: "f1", t: 0, leg: "client", alert: "unknown_ca", sni: null };
    const user = new User(100, 60).receives(request("f1", { kind: "attempt" }), tlsFailed);
    expect(
      user
        .receives(failed("f1", { kind: "attempt" }))
        .press(ENTER)
        .sees(),
    ).toContain("the client sent the TLS alert unknown_ca");
  });

  it("shows both TLS legs, the chain and its verdict", () => {
    const certificate = {
      subject: "CN=api.example.com",
      issuer: "CN=Example CA",
      validFrom: "2026-01-01T00:00:00Z",
      validTo: "2027-01-01T00:00:00Z",
      sha256: "AB:CD",
      subjectAltName: "DNS:api.example.com",
    };
    const tls: FlowSummary["tls"] = {
      client: {
        version: "TLSv1.3",
        cipher: "TLS_AES_128_GCM_SHA256",
        alpn: "http/1.1",
        sni: "api.example.com",
        resumed: false,
      },
      upstream: {
        version: "TLSv1.2",
        cipher: "ECDHE-RSA-AES128-GCM-SHA256",
        alpn: null,
        verified: false,
        verdict: "unknown-root",
        detail: "unable to get local issuer certificate",
        insecure: true,
        chain: [certificate],
      },
    };
    const screen = new User(100, 80).receives(done("f1", { tls })).press(ENTER).sees();
    expect(screen).toContain("TLSv1.3, TLS_AES_128_GCM_SHA256, http/1.1");
    expect(screen).toContain("✖ unknown-root (relayed all the same: --insecure)");
    for (const fact of ["CN=api.example.com", "issued by CN=Example CA", "DNS:api.example.com", "SHA-256 AB:CD"]) {
      expect(screen).toContain(fact);
    }
  });

  it("says what plainwire changed, and how much of a body was kept", () => {
    const { req, res } = summary("f1");
    const changes = [{ what: "Proxy-Connection", before: "keep-alive", after: null, why: "RFC 9112 C.2.2" }];
    const big = res && {
      ...res,
      size: 5_000_000,
      wire: 5_000_100,
      body: res.body && { ...res.body, size: 5_000_000, kept: 1_048_576 },
    };
    const screen = new User(120, 60)
      .receives(done("f1", { req: { ...req, changes }, res: big }))
      .press(ENTER)
      .sees();
    expect(screen).toContain("changed    Proxy-Connection: keep-alive → removed (RFC 9112 C.2.2)");
    expect(screen).toContain("4.8M of body, 4.8M on the wire; kept 1.0M of them, the rest can't be shown");
  });

  it("shows times of steps that took place, and no others", () => {
    const timing = { ...summary("f1").timing, dns: null, connect: null, tls: null };
    const screen = new User(100, 60).receives(done("f1", { timing })).press(ENTER).sees();
    expect(screen).toMatch(/wait +200ms/);
    expect(screen).not.toMatch(/DNS/);
  });
});

describe("a message", () => {
  it("has its head as it was sent: order, case, duplicates, trailers", () => {
    const req = {
      ...summary("f1").req,
      headers: [
        ["hOST", "a"],
        ["X-Dup", "1"],
        ["x-dup", "2"],
      ] as [string, string][],
      trailers: [["X-After", "body"]] as [string, string][],
    };
    const screen = new User(100, 60).receives(done("f1", { req })).press(ENTER, "2").sees();
    expect(screen).toContain(
      " GET /v1/users?page=2 HTTP/1.1\n hOST: a\n X-Dup: 1\n x-dup: 2\n trailers, after the body:\n X-After: body",
    );
  });

  it("shows interim responses, the status line, and whose page it is", () => {
    const { res } = summary("f1");
    const screen = looksAtResponse({
      status: 502,
      reason: "Bad Gateway",
      res: res && { ...res, ours: true, interim: [103] },
    }).sees();
    expect(screen).toContain(
      "plainwire's own page, not the upstream's response\n HTTP/1.1 103\n HTTP/1.1 502 Bad Gateway",
    );
  });

  it("tabs turn with Tab, S-Tab, brackets, numbers and the mouse", () => {
    const user = new User(100, 60).receives(done("f1")).press(ENTER);
    const tab = (): string | undefined => user.model.detail?.tab;
    expect(["\t", "\t", "\t", "\x1b[Z", "[", "]", "1"].map((key) => (user.press(key), tab()))).toEqual([
      "req",
      "res",
      "overview",
      "res",
      "req",
      "res",
      "overview",
    ]);
    const y = user
      .sees()
      .split("\n")
      .findIndex((line) => line.includes("3 Response"));
    user.press(`\x1b[<0;${(user.row(y).indexOf("Response") + 1).toString()};${y + 1}M`);
    expect(tab()).toBe("res");
  });
});

describe("a body", () => {
  it("is fetched when it is looked at, not before, and once", () => {
    const user = new User(100, 60).receives(request("f1"), done("f1")).press(ENTER, "1", "2");
    expect(user.effects).toEqual([]);
    user.press("3", "j", "j");
    expect(user.effects).toEqual([
      { type: "fetch-body", key: { flow: "f1", part: "res" }, ref: "f1/res", limit: 262_144 },
    ]);
    expect(user.sees()).toContain("fetching the body…");
  });

  it("JSON is indented, with its order, duplicates and numbers as sent", () => {
    const user = bodyCame(looksAtResponse(), content('{"total":1.0,"users":[],"total":10000000000000000000001}'));
    expect(user.sees()).toContain("body: utf-8 → json, 56b");
    expect(user.sees()).toContain(' {\n   "total": 1.0,\n   "users": [],\n   "total": 10000000000000000000001\n }');
  });

  it("v shows it as it is and as hex, round and round", () => {
    const user = bodyCame(looksAtResponse(), content('{"a":1}'));
    expect(user.press("v").sees()).toContain("000000  7b 22 61 22 3a 31 7d");
    expect(user.press("v").sees()).toContain('body: utf-8 → text, 7b\n {"a":1}');
    expect(user.press("v").sees()).toContain('"a": 1');
  });

  it("names the codings that were undone", () => {
    const { res } = summary("f1");
    const coded = { res: res && { ...res, body: res.body && { ...res.body, coding: ["gzip", "br"] } } };
    expect(bodyCame(looksAtResponse(coded), content("{}")).sees()).toContain("br → gzip → utf-8 → json");
  });

  it("that could not be decoded is shown as sent, and says so", () => {
    const bytes = gzipSync("x").subarray(0, 12);
    const screen = bodyCame(looksAtResponse(), content(bytes, { undecodable: "unexpected end of file" })).sees();
    expect(screen).toContain("could not be decoded, shown as sent: unexpected end of file");
    expect(screen).toContain("000000  1f 8b");
  });

  it("that was kept in part says how much of how much", () => {
    const res = summary("f1").res;
    const part = { size: 5_000_000, kept: 1_048_576, mime: "text/plain", coding: [], ref: "f1/res" };
    const user = looksAtResponse({ res: res && { ...res, size: 5_000_000, body: part } });
    expect(bodyCame(user, content("x")).sees()).toContain("kept 1.0M of 4.8M that passed: over the memory budget");
  });

  it("that is cut says so", () => {
    const cut = content("{", { truncated: true, total: 1_000_000 });
    expect(bodyCame(looksAtResponse(), cut).sees()).toContain("cut: only the first 1b of 977k can be shown");
  });

  it("that the connection cut off is not said to be left out by plainwire", () => {
    const whole = content("{", { truncated: true, total: 1 });
    expect(bodyCame(looksAtResponse(), whole).sees()).toContain("cut off: this is all that came");
  });

  it("that can't be fetched says why", () => {
    const user = looksAtResponse();
    user.happens({ type: "body-failed", key: { flow: "f1", part: "res" }, reason: "evicted" });
    expect(user.sees()).toContain("the body could not be fetched: evicted");
  });

  it.each([
    ["none", 0, 0, "no body"],
    ["none of it kept", 500, 0, "500b of body, none of it kept: over the memory budget"],
  ])("that is %s is said in words and not fetched", (_, size, kept, words) => {
    const { res } = summary("f1");
    const user = looksAtResponse({
      res: res && { ...res, size, wire: size, body: res.body && { ...res.body, size, kept } },
    });
    expect(user.sees()).toContain(words);
    expect(user.effects).toEqual([]);
  });

  it("that still grows is fetched once more when its flow ends", () => {
    const user = new User(100, 60).receives(request("f1"), response("f1")).press(ENTER, "3");
    bodyCame(user, content("", { total: null, truncated: true }));
    expect(user.sees()).toContain("no body so far");
    user.receives(done("f1"));
    expect(user.effects).toHaveLength(2);
    expect(bodyCame(user, content("{}")).sees()).toContain("→ json, 2b");
  });

  it("one at a time: who races through a list asks for what is on the screen in the end", () => {
    const user = new User(200, 50).receivesFlows(9).press("g", ENTER, "3", "h", "j", "j", "j");
    expect(user.effects).toHaveLength(1);
    bodyCame(user, content("{}"));
    expect(user.effects[1]).toMatchObject({ key: { flow: "f4" } });
    expect(user.sees()).toContain("fetching the body…");
  });
});

describe("scrolling", () => {
  const long = (): User =>
    bodyCame(looksAtResponse({}, 100, 24), content(Array.from({ length: 500 }, (_, n) => `line ${n}`).join("\n")));

  it("down, up, to the end and back, and never beyond", () => {
    const user = long().press("v", "v", "v");
    expect(user.press("G").row(22)).toContain("line 499");
    expect(user.press("j", "\x1b[6~").row(22)).toContain("line 499");
    expect(user.press("k").row(22)).toContain("line 498");
    expect(user.press("g").sees()).toContain("HTTP/1.1 200 OK");
    expect(user.press("k").sees()).toContain("HTTP/1.1 200 OK");
  });

  it("by the wheel over the detail", () => {
    const user = long();
    expect(user.press("\x1b[<65;50;15M").sees()).not.toContain("HTTP/1.1 200 OK");
  });

  it("long lines wrap, none of their characters is lost", () => {
    const text = `start${"0123456789".repeat(300)}end`;
    const user = bodyCame(looksAtResponse({}, 100, 60), content(text));
    expect(user.sees().replace(/\n /g, "")).toContain(text);
  });

  it("a body of one line and 256 KiB is drawn at once", () => {
    const user = bodyCame(looksAtResponse(), content("a".repeat(262_144)));
    expect(user.press("G").sees()).toContain("aaaa");
  });
});

describe("list and detail", () => {
  it("side by side the list can be moved in and the detail follows", () => {
    const user = new User(200, 50).receivesFlows(5).press(ENTER, "h", "k");
    expect(user.sees()).toContain("GET https://api.example.com/item/4");
    expect(user.press("f").receivesFlows(1, 6).sees()).toContain("GET https://api.example.com/item/6");
  });

  it("who reads a flow keeps it, whatever arrives", () => {
    const user = new User(200, 50).receivesFlows(5).press(ENTER).receivesFlows(50, 6);
    expect(user.sees()).toContain("GET https://api.example.com/item/5");
  });

  it("q and Esc close the detail, and only the list's q leaves", () => {
    for (const key of ["q", ESC]) {
      const user = new User(200, 50).receivesFlows(5).press(ENTER, key);
      expect(user.sees()).not.toContain("1 Overview");
      expect(user.effects).toEqual([]);
      expect(user.press("q").effects).toEqual([{ type: "quit" }]);
    }
  });

  it("of a flow whose details were forgotten says so", () => {
    const user = new User(100, 40);
    user.model = initialModel(HELLO, LOOK, 100, 40, new FlowTable({ known: 1 }));
    expect(user.receivesFlows(2).press("g", ENTER).sees()).toContain(
      "The details of this flow are no longer kept here",
    );
  });

  it("on a low screen the detail takes all of it", () => {
    const user = new User(60, 12).receivesFlows(5).press(ENTER);
    expect(user.row(1)).toContain("1 Overview");
  });
});
