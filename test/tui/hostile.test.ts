/** The terminal as judge: whatever a peer sends, and wherever it is shown, the terminal does nothing but show text. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlowSummary } from "../../src/flow/events.ts";
import { printable } from "../../src/flow/printable.ts";
import { runTui } from "../../src/tui/run.ts";
import { Screen } from "../../src/tui/screen.ts";
import { Surface } from "../../src/tui/surface.ts";
import { FakeFeed, FakeHost, FakeTerminal } from "./fake-terminal.ts";
import { LOOK, content, done, failed, request, summary } from "./fixture.ts";

const PAYLOADS = [
  "\x1b]0;owned\x07",
  "\x1b]2;owned\x1b\\",
  "\u009d0;owned\u009c",
  "\x1b[2J\x1b[H",
  "\u009b2J",
  "\x1b[?1049l",
  "\x1bc",
  "\x07\x07",
  "\x1b[6n\x1b[c\x1b[>c\x05",
  "\x1b]52;c;b3duZWQ=\x07",
  "\x1bP+q544e\x1b\\",
  "\x1b[20;1Hmoved\x1b[1A\x1b[1B",
  "\r\n\n\n\v\f",
  "\x1b[8mhidden\x1b[0m",
  "\x1b[?25h\x1b[?1003h\x1b[4h",
  "\x0e\x0f\x1b(0lqqk",
  "\u202eetirw\u2066\u2069\u200f",
  "\u200b\u200d\ufeff\u2060\u00ad",
  "\ud800x\udc00",
  "\u{e0041}\u{e0042}\u{e007f}",
  "👨‍👩‍👧‍👦🇩🇪👍🏽❤️",
  `Z${"\u0300\u0489".repeat(40)}`,
  "\t\t\t\b\b\b\x7f",
  "{red-fg}{bold}{/}",
  "日本語".repeat(40),
  "\u2028\u2029\u0085",
].flatMap((payload) => [payload, Buffer.from(payload, "utf8").toString("latin1")]);

/** One flow for each place that a peer's text can come from. */
const SOURCES: { readonly [source: string]: (payload: string) => Partial<FlowSummary> } = {
  method: (method) => ({ method }),
  host: (host) => ({ host }),
  url: (payload) => ({ url: `https://api.example.com/${payload}?${payload}` }),
  reason: (reason) => ({ reason }),
  "request header": (payload) => ({ req: { ...summary("f").req, headers: [[payload, payload]] } }),
  "response header": (payload) => withResponse({ headers: [[payload, payload]] }),
  trailer: (payload) => withResponse({ trailers: [[payload, payload]] }),
  "media type": (payload) => withResponse({ body: { size: 1, kept: 1, mime: `text/${payload}`, coding: [payload] } }),
  change: (payload) => ({
    req: { ...summary("f").req, changes: [{ what: payload, before: payload, after: payload, why: payload }] },
  }),
  certificate: (payload) => ({ tls: { client: null, upstream: upstreamTls(payload) } }),
  SNI: (sni) => ({ tls: { client: { version: sni, cipher: sni, alpn: sni, sni, resumed: false }, upstream: null } }),
  client: (addr) => ({ client: { addr }, upstream: { addr, reused: false } }),
};

function withResponse(over: Partial<NonNullable<FlowSummary["res"]>>): Partial<FlowSummary> {
  const { res } = summary("f");
  return { res: res && { ...res, ...over } };
}

function upstreamTls(text: string): FlowSummary["tls"]["upstream"] {
  const certificate = {
    subject: text,
    issuer: text,
    validFrom: text,
    validTo: text,
    sha256: text,
    subjectAltName: text,
  };
  return {
    version: "TLSv1.3",
    cipher: text,
    alpn: text,
    verified: false,
    verdict: text,
    detail: text,
    insecure: true,
    chain: [certificate],
  };
}

async function started(cols: number, rows: number) {
  const terminal = new FakeTerminal(cols, rows);
  const host = new FakeHost();
  const feed = new FakeFeed();
  const exit = runTui({ feed, input: terminal.input, output: terminal.output, env: {}, host });
  const frame = async (): Promise<void> => {
    host.pass(40);
    await terminal.settled();
  };
  const quit = async (): Promise<void> => {
    terminal.input.write("Q");
    await exit;
  };
  await frame();
  return { terminal, feed, frame, quit };
}

type Ui = Awaited<ReturnType<typeof started>>;

/** The frame stands where it belongs, and the terminal said nothing. */
function expectCalm({ terminal }: Ui, footer: string): void {
  expect(terminal.noises).toEqual([]);
  expect(terminal.xterm.buffer.active.type).toBe("alternate");
  expect(terminal.xterm.modes.mouseTrackingMode).toBe("vt200");
  expect(terminal.xterm.buffer.active.length).toBe(terminal.xterm.rows);
  expect(terminal.row(0)).toMatch(/^ plainwire ● 127\.0\.0\.1:8080/);
  expect(terminal.row(terminal.xterm.rows - 1)).toContain(footer);
}

describe("a hostile text controls nothing", () => {
  it.each(Object.entries(SOURCES))("in the %s", async (_, over) => {
    const ui = await started(170, 40);
    for (const [index, payload] of PAYLOADS.entries()) ui.feed.send(done(`f${index}`, over(payload)));
    await ui.frame();
    expectCalm(ui, "j/k move");
    for (let y = 2; y < 39; y += 1) expect(ui.terminal.row(y)).toMatch(/250ms *$/);
    ui.feed.send(done("all", over(PAYLOADS.join("|"))));
    await ui.terminal.press("G\r");
    for (const tab of ["1", "2", "3"]) {
      await ui.terminal.press(tab);
      for (let page = 0; page < 5; page += 1) {
        await ui.frame();
        expectCalm(ui, "j/k scroll");
        for (let y = 1; y < 39; y += 1) expect(ui.terminal.cell(y, 85)).toBe("│");
        await ui.terminal.press("\x1b[6~");
      }
    }
    await ui.quit();
  });

  it("in the reason, the hint and the details of a failure", async () => {
    const ui = await started(170, 40);
    for (const [index, payload] of PAYLOADS.entries()) {
      const words = { reason: payload, hint: payload, detail: payload, step: payload };
      ui.feed.send(request(`f${index}`), failed(`f${index}`, {}, words));
      ui.feed.send({ event: "goodbye", reason: payload });
      await ui.terminal.press("G\r");
      await ui.frame();
      expectCalm(ui, "j/k scroll");
      await ui.terminal.press("h");
    }
    await ui.quit();
  });

  it("in a body, as text, JSON and hex", async () => {
    const ui = await started(80, 40);
    const bytes = Buffer.from(PAYLOADS.map((payload) => JSON.stringify({ [payload]: payload }) + payload).join("\n"));
    ui.feed.answer = () => Promise.resolve(content(bytes, { undecodable: "\x1b]0;x\x07" }));
    ui.feed.send(done("f1"));
    await ui.terminal.press("\r3");
    await ui.frame();
    for (const key of ["v", "v", "v"]) {
      await ui.terminal.press(key);
      for (let page = 0; page < 12; page += 1) {
        await ui.terminal.press("\x1b[6~");
        await ui.frame();
        expectCalm(ui, "j/k scroll");
      }
    }
    await ui.quit();
  });

  it("in what the engine says of itself", async () => {
    const terminal = new FakeTerminal(80, 24);
    const feed = new FakeFeed({ proxy: "\x1b]0;x\x07\x1b[2J", ca: "/\x1b]0;x\x07\n/ca.pem" });
    const exit = runTui({ feed, input: terminal.input, output: terminal.output, env: {}, host: new FakeHost() });
    await terminal.settled();
    expect(terminal.noises).toEqual([]);
    expect(terminal.row(23)).toContain("? help");
    terminal.input.write("q");
    await exit;
  });
});

/** No such glyph stands in the last column: a terminal that takes it for wide would put it into the next row. */
function mayBeWide(glyph: string): boolean {
  return /\p{M}/u.test(glyph);
}

describe("painting", () => {
  /** xterm.js 6 takes the emoji for one column, as some terminals do and others do not. */
  const glyph = fc.constantFrom(..."aZ ─│·é日本漢ア한😀✅👍", "กี่");
  const draw = fc.record({
    y: fc.nat(9),
    x: fc.nat(39),
    max: fc.integer({ min: 1, max: 40 }),
    text: fc.string({ unit: glyph, maxLength: 30 }),
    role: fc.constantFrom("text", "failed", "dim", "active" as const),
  });

  it("frame after frame, the terminal shows what the surface holds", async () => {
    const terminal = new FakeTerminal(40, 10);
    const screen = new Screen((text) => terminal.output.write(text), 40, 10);
    screen.enter();
    const frame = fc.array(draw, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), async (frames) => {
        for (const draws of frames) {
          const surface = new Surface(40, 10, LOOK);
          for (const { y, x, max, text, role } of draws) surface.put(y, x, max, text, role as "text");
          screen.paint(surface);
          await terminal.settled();
          // What stands in the right half of a wide glyph is the terminal's own affair.
          const shown = surface.glyphs.map(
            (glyph, at) => glyph && (terminal.cell(Math.floor(at / 40), at % 40) || " "),
          );
          expect(shown).toEqual(surface.glyphs.map((glyph, at) => (mayBeWide(glyph) && at % 40 === 39 ? "·" : glyph)));
        }
      }),
      { numRuns: 60 },
    );
    screen.destroy();
  });

  it("a glyph whose width the terminal sees otherwise shifts nothing to its right", async () => {
    const terminal = new FakeTerminal(40, 4);
    const screen = new Screen((text) => terminal.output.write(text), 40, 4);
    screen.enter();
    // xterm.js 6 takes these emoji for one column, and some of these marks for glyphs of their own.
    const odd = ["😀", "👍", "⚡", "✅", "กี่", "नि", "ﷺ", "𝄞", "ｱ", "⑳", "☎"];
    for (const [index, text] of [...odd, ...odd].entries()) {
      const surface = new Surface(40, 4, LOOK);
      surface.put(index % 4, 3, 30, `${printable(text, "detail")}| right`);
      surface.put((index + 1) % 4, 0, 40, `${printable(text, "list").repeat(60)}`);
      surface.put((index + 2) % 4, 39, 1, "|");
      screen.paint(surface);
      await terminal.settled();
      const bar = surface.glyphs.indexOf("|", (index % 4) * 40) % 40;
      expect(
        terminal.xterm.buffer.active
          .getLine(index % 4)
          ?.getCell(bar)
          ?.getChars(),
      ).toBe("|");
      expect(terminal.row(index % 4)).toMatch(/\| right$/);
      expect(terminal.row((index + 3) % 4)).toBe("");
    }
    screen.destroy();
  });
});
