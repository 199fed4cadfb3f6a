/** The outside of the UI: a clock that stands still, a terminal that is xterm's own code, and a feed that says what a test says. */

import { PassThrough, Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import headless from "@xterm/headless";
import type { BodyContent, FeedClient, FeedMessage, Hello } from "../../src/feed/client.ts";
import type { Host, HostSignal } from "../../src/tui/host.ts";
import { HELLO, sent } from "./fixture.ts";

export class FakeHost implements Host {
  #now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();
  readonly #listeners = new Map<string, Set<(value: unknown) => void>>();
  suspended = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  onSignal(signal: HostSignal, listener: () => void): () => void {
    return this.#on(signal, listener);
  }

  onCrash(listener: (error: unknown) => void): () => void {
    return this.#on("crash", listener);
  }

  onExit(listener: () => void): () => void {
    return this.#on("exit", listener);
  }

  suspend(): void {
    this.suspended += 1;
  }

  /** Lets time pass; what falls due in it is called in its order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  emit(what: HostSignal | "crash" | "exit", value?: unknown): void {
    for (const listener of this.#listeners.get(what) ?? []) listener(value);
  }

  /** What still waits for something: nothing, once the UI has ended. */
  get waiting(): number {
    return this.#timers.size + [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  #on(what: string, listener: (value: unknown) => void): () => void {
    const listeners = this.#listeners.get(what) ?? new Set();
    this.#listeners.set(what, listeners.add(listener));
    return () => listeners.delete(listener);
  }
}

/** A terminal emulator on the other end of the output. Whatever it would have said aloud is kept. */
export class FakeTerminal {
  readonly input = Object.assign(new PassThrough(), { isTTY: true, raw: false, setRawMode: (_: boolean): void => {} });
  readonly output: Writable & { columns: number; rows: number; isTTY: boolean };
  readonly xterm: InstanceType<typeof headless.Terminal>;
  readonly noises: string[] = [];
  /** Everything that was written. */
  written = "";
  /** As long as true, the terminal takes nothing. */
  stalled: (() => void) | null = null;

  constructor(cols: number, rows: number) {
    const { input } = this;
    input.setRawMode = (raw) => {
      input.raw = raw;
    };
    this.xterm = new headless.Terminal({ cols, rows, allowProposedApi: true });
    this.xterm.onBell(() => this.noises.push("bell"));
    this.xterm.onTitleChange((title) => this.noises.push(`title ${title}`));
    this.xterm.onData((reply) => this.noises.push(`reply ${JSON.stringify(reply)}`));
    const write = (text: Buffer, _: string, taken: () => void): void => {
      this.written += text.toString();
      if (this.stalled) this.stalled = taken;
      else this.xterm.write(text, taken);
    };
    this.output = Object.assign(new Writable({ write, decodeStrings: true }), { columns: cols, rows, isTTY: true });
  }

  /** Once everything that was written is shown, or nothing more is taken. */
  async settled(): Promise<void> {
    do {
      await setImmediate();
      await new Promise<void>((resolve) => this.xterm.write("", resolve));
      await setImmediate();
      // A piece of the output goes to xterm when the one before it was taken, so there may be others still.
    } while (this.output.writableLength > 0 && this.stalled === null);
  }

  async press(keys: string): Promise<void> {
    this.input.write(keys);
    await this.settled();
  }

  row(y: number): string {
    const { active } = this.xterm.buffer;
    return active.getLine(active.viewportY + y)?.translateToString(true) ?? "";
  }

  cell(y: number, x: number): string {
    const { active } = this.xterm.buffer;
    return (
      active
        .getLine(active.viewportY + y)
        ?.getCell(x)
        ?.getChars() ?? ""
    );
  }

  rows(): string[] {
    return Array.from({ length: this.xterm.rows }, (_, y) => this.row(y));
  }
}

export class FakeFeed implements FeedClient {
  readonly hello: Hello;
  readonly subscriptions: object[] = [];
  answer: (ref: string) => Promise<BodyContent> = () => Promise.reject(new Error("no such body"));
  #message: (message: FeedMessage) => void = () => {};
  #close: (reason: string) => void = () => {};

  constructor(hello: Partial<Hello> = {}) {
    this.hello = { ...HELLO, ...hello };
  }

  subscribe(params: object): Promise<{ subscription: string; from: number }> {
    this.subscriptions.push(params);
    return Promise.resolve({ subscription: "s1", from: 0 });
  }

  onMessage(listener: (message: FeedMessage) => void): void {
    this.#message = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#close = listener;
  }

  body(ref: string): Promise<BodyContent> {
    return this.answer(ref);
  }

  close(): void {}

  send(...events: object[]): void {
    for (const event of events) this.#message(sent(event) as FeedMessage);
  }

  end(reason: string): void {
    this.#close(reason);
  }
}
