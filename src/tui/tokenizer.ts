/**
 * Terminal input, byte by byte, into tokens. Sequences may be split anywhere and follow one another without a gap. What
 * is not understood (replies, Kitty keys, modifyOtherKeys) is swallowed whole and never typed as text.
 */

import { StringDecoder } from "node:string_decoder";
import { csiToken, ss3Token } from "./keys.ts";

export type Token =
  /** "a", "A", "😀", "enter", "esc", "tab", "S-tab", "up", "C-c", "M-x", "pagedown", "f1"... */
  | { type: "key"; key: string }
  /** `x` and `y` count from 0. */
  | { type: "mouse"; action: "press" | "release" | "move" | "wheelup" | "wheeldown"; x: number; y: number }
  | { type: "paste"; text: string }
  | { type: "focus"; focused: boolean };

export class Tokenizer {
  readonly #decoder = new StringDecoder("utf8");
  readonly #emit: (token: Token) => void;
  #state: State = "ground";
  /** The sequence or the paste as far as it came. */
  #held = "";

  constructor(emit: (token: Token) => void) {
    this.#emit = emit;
  }

  /** True after a lone ESC: if nothing follows within {@link ESCAPE_MS}, call {@link timeout}. */
  get waiting(): boolean {
    return this.#state === "escape";
  }

  write(chunk: Uint8Array): void {
    for (const scalar of this.#decoder.write(Buffer.from(chunk))) this.#step(scalar);
  }

  /** The ESC that was waited for is the Escape key. */
  timeout(): void {
    if (this.#state !== "escape") return;
    this.#state = "ground";
    this.#key("esc");
  }

  #step(scalar: string): void {
    switch (this.#state) {
      case "ground":
        return this.#ground(scalar);
      case "escape":
        return this.#escape(scalar);
      case "csi":
        return this.#csi(scalar);
      case "ss3":
        this.#state = "ground";
        return this.#maybe(ss3Token(scalar));
      case "string":
        return this.#string(scalar);
      case "mouse":
        return this.#legacyMouse(scalar);
      case "paste":
        return this.#paste(scalar);
    }
  }

  #ground(scalar: string): void {
    const code = scalar.codePointAt(0) ?? 0;
    if (scalar === ESC) this.#state = "escape";
    else if (scalar in CONTROLS) this.#key(CONTROLS[scalar] ?? "");
    else if (code < 0x20) this.#key(`C-${String.fromCharCode(code + 0x60)}`);
    else if (code < 0x80 || code > 0x9f) this.#key(scalar);
  }

  #escape(scalar: string): void {
    this.#held = "";
    this.#state = "ground";
    if (scalar === "[") this.#state = "csi";
    else if (scalar === "O") this.#state = "ss3";
    else if ("]P_^X".includes(scalar)) this.#state = "string";
    else if (scalar === ESC) {
      this.#key("esc");
      this.#state = "escape";
    } else if (scalar >= " " && scalar !== "\x7f") this.#key(`M-${scalar}`);
    else this.#ground(scalar);
  }

  #csi(scalar: string): void {
    if (this.#interrupted(scalar)) return;
    if (scalar < "@") {
      // Too long to mean anything; what is over the bound is dropped, its end still ends it.
      if (this.#held.length < MAX_SEQUENCE) this.#held += scalar;
      return;
    }
    const parameters = this.#held;
    this.#held = "";
    this.#state = "ground";
    if (scalar === "M" && parameters === "") this.#state = "mouse";
    else if (scalar === "~" && parameters === "200") this.#state = "paste";
    else if (parameters.length < MAX_SEQUENCE) this.#maybe(csiToken(parameters, scalar));
  }

  /** OSC, DCS, APC, PM, SOS: replies, which end in BEL or ESC \ (whose backslash is an M-\ of no meaning). */
  #string(scalar: string): void {
    if (scalar === "\x07" || this.#held.length >= MAX_STRING) this.#state = "ground";
    else if (!this.#interrupted(scalar)) this.#held += scalar;
  }

  /** A control character ends any sequence and counts for itself: Ctrl-C must work after a stray Alt-[ or Alt-P too. */
  #interrupted(scalar: string): boolean {
    if (scalar >= " ") return false;
    this.#state = "ground";
    this.#ground(scalar);
    return true;
  }

  /** X10 coordinates, which nobody asked for: three characters to be swallowed. */
  #legacyMouse(scalar: string): void {
    this.#held += scalar;
    if (Array.from(this.#held).length === 3) this.#state = "ground";
  }

  #paste(scalar: string): void {
    this.#held += scalar;
    if (scalar !== "~" || !this.#held.endsWith(PASTE_END)) {
      if (this.#held.length > 2 * MAX_PASTE)
        this.#held = this.#held.slice(0, MAX_PASTE) + this.#held.slice(-PASTE_END.length);
      return;
    }
    this.#state = "ground";
    this.#emit({ type: "paste", text: this.#held.slice(0, -PASTE_END.length).slice(0, MAX_PASTE) });
  }

  #key(key: string): void {
    this.#emit({ type: "key", key });
  }

  #maybe(token: Token | null): void {
    if (token) this.#emit(token);
  }
}

/** How long an ESC may wait for the rest of its sequence. */
export const ESCAPE_MS = 25;

type State = "ground" | "escape" | "csi" | "ss3" | "string" | "mouse" | "paste";

const ESC = "\x1b";
const PASTE_END = "\x1b[201~";
const MAX_SEQUENCE = 64;
const MAX_STRING = 4096;
const MAX_PASTE = 65_536;
const CONTROLS: { readonly [control: string]: string } = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\x7f": "backspace",
  "\b": "backspace",
  "\0": "C-space",
  " ": "space",
};
