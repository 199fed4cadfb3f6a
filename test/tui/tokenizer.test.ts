import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Token, Tokenizer } from "../../src/tui/tokenizer.ts";

const key = (name: string): Token => ({ type: "key", key: name });
const mouse = (action: Extract<Token, { type: "mouse" }>["action"], x: number, y: number): Token => ({
  type: "mouse",
  action,
  x,
  y,
});

const CASES: [what: string, bytes: string, tokens: Token[]][] = [
  ["letters", "aG?", [key("a"), key("G"), key("?")]],
  ["an emoji is one key", "😀é", [key("😀"), key("é")]],
  ["Enter is one key", "\r", [key("enter")]],
  ["Tab, Space, Backspace", "\t \x7f", [key("tab"), key("space"), key("backspace")]],
  ["control keys", "\x03\x1a\x0c", [key("C-c"), key("C-z"), key("C-l")]],
  ["arrows", "\x1b[A\x1b[B\x1bOC\x1bOD", [key("up"), key("down"), key("right"), key("left")]],
  ["Home, End, PgUp, PgDn", "\x1b[H\x1b[4~\x1b[5~\x1b[6~", [key("home"), key("end"), key("pageup"), key("pagedown")]],
  ["F1, the two ways", "\x1bOP\x1b[11~", [key("f1"), key("f1")]],
  ["Shift-Tab", "\x1b[Z", [key("S-tab")]],
  ["Ctrl-Shift-Up", "\x1b[1;6A", [key("C-S-up")]],
  ["Alt-x", "\x1bx", [key("M-x")]],
  ["Escape twice, then a key", "\x1b\x1b[A", [key("esc"), key("up")]],
  ["the wheel between two keys", "k\x1b[<65;5;2Mj", [key("k"), mouse("wheeldown", 4, 1), key("j")]],
  ["a click", "\x1b[<0;5;2M\x1b[<0;5;2m", [mouse("press", 4, 1), mouse("release", 4, 1)]],
  ["a click far to the right", "\x1b[<0;250;70M", [mouse("press", 249, 69)]],
  [
    "paste is one token, whatever is in it",
    "\x1b[200~q\x1b[A\r😀\x1b[201~q",
    [{ type: "paste", text: "q\x1b[A\r😀" }, key("q")],
  ],
  [
    "focus",
    "\x1b[I\x1b[O",
    [
      { type: "focus", focused: true },
      { type: "focus", focused: false },
    ],
  ],
  ["Kitty and modifyOtherKeys are not typed", "\x1b[97;5u\x1b[27;5;99~a", [key("a")]],
  ["replies of the terminal are not typed", "\x1b]11;rgb:0/0/0\x07\x1bP1+r\x1b\\\x1b[?1;2ca", [key("M-\\"), key("a")]],
  ["X10 mouse is not typed", "\x1b[M !!a", [key("a")]],
  ["a sequence without end", `\x1b[${"1;".repeat(5000)}Aj`, [key("j")]],
  ["Ctrl-C inside a sequence", "\x1b[12\x03\x1bP\x03", [key("C-c"), key("C-c")]],
  ["nonsense coordinates", "\x1b[<0;0;2M\x1b[<99999;1;1Mj", [key("j")]],
];

function tokens(...chunks: Uint8Array[]): Token[] {
  const seen: Token[] = [];
  const tokenizer = new Tokenizer((token) => seen.push(token));
  for (const chunk of chunks) tokenizer.write(chunk);
  return seen;
}

describe("what the terminal sends", () => {
  it.each(CASES)("%s", (_, bytes, expected) => expect(tokens(Buffer.from(bytes))).toEqual(expected));
});

describe("the same, byte by byte", () => {
  it.each(CASES)("%s", (_, bytes, expected) => {
    expect(tokens(...Array.from(Buffer.from(bytes), (byte) => Buffer.from([byte])))).toEqual(expected);
  });
});

describe("the Escape key", () => {
  it("is what a lone ESC turns out to be when nothing follows", () => {
    const seen: Token[] = [];
    const tokenizer = new Tokenizer((token) => seen.push(token));
    tokenizer.write(Buffer.from("\x1b"));
    expect(seen).toEqual([]);
    expect(tokenizer.waiting).toBe(true);
    tokenizer.timeout();
    tokenizer.write(Buffer.from("q"));
    expect(seen).toEqual([key("esc"), key("q")]);
    expect(tokenizer.waiting).toBe(false);
  });

  it("is not seen in a sequence that came in time", () => {
    const seen: Token[] = [];
    const tokenizer = new Tokenizer((token) => seen.push(token));
    tokenizer.write(Buffer.from("\x1b["));
    tokenizer.timeout();
    tokenizer.write(Buffer.from("B"));
    expect(seen).toEqual([key("down")]);
  });
});

describe("any input", () => {
  it("gives the same tokens however it is split", () => {
    const piece = fc.constantFrom(
      ...CASES.map(([, bytes]) => bytes).filter((bytes) => bytes.length < 100),
      "\x1b",
      "[",
      "~",
      "é",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(200), { maxLength: 6 }), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(""));
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(tokens(...chunks)).toEqual(tokens(bytes));
      }),
    );
  });

  it("a paste of any size is bounded", () => {
    const [token] = tokens(Buffer.from(`\x1b[200~${"x".repeat(500_000)}\x1b[201~`));
    expect(token?.type === "paste" && token.text.length).toBe(65_536);
  });
});
