/** The terminal UI: a feed and a terminal in, until the user leaves or the engine is gone. */

import type { FeedClient } from "../feed/client.ts";
import { copyText } from "./clipboard.ts";
import { Frames } from "./frames.ts";
import { type Host, type HostSignal, processHost } from "./host.ts";
import type { Effect, Message } from "./messages.ts";
import { type Model, initialModel } from "./model.ts";
import { Terminal, type TerminalInput, type TerminalOutput } from "./terminal.ts";
import { type Environment, lookOf } from "./theme.ts";
import { ESCAPE_MS, Tokenizer } from "./tokenizer.ts";
import { update } from "./update/update.ts";
import { view } from "./view/view.ts";

export interface TuiOptions {
  /** Connected; nothing subscribed yet. Stays the caller's to close. */
  feed: FeedClient;
  input: TerminalInput;
  output: TerminalOutput;
  env: Environment;
  /** Glyphs of ASCII only, whatever the locale says. */
  ascii?: boolean;
  host?: Host;
}

export type TuiExit = { reason: "quit" } | { reason: "engine-gone"; message: string };

/** Resolves when the UI has ended, rejects if it crashed. The terminal is given back before either. */
export function runTui(options: TuiOptions): Promise<TuiExit> {
  return new Promise((resolve, reject) => new Tui(options, resolve, reject).start());
}

class Tui {
  readonly #feed: FeedClient;
  readonly #env: Environment;
  readonly #input: TerminalInput;
  readonly #output: TerminalOutput;
  readonly #host: Host;
  readonly #terminal: Terminal;
  readonly #frames: Frames;
  readonly #tokenizer = new Tokenizer((token) => this.#dispatch({ type: "input", token }, true));
  readonly #resolve: (exit: TuiExit) => void;
  readonly #reject: (error: unknown) => void;
  readonly #undo: (() => void)[] = [];
  #model: Model;
  #ended = false;
  #cancelEscape: () => void = () => {};
  #cancelResize: () => void = () => {};
  #cancelTick: () => void = () => {};
  #cancelContinue: () => void = () => {};
  #cancelRefilter: () => void = () => {};

  constructor(options: TuiOptions, resolve: (exit: TuiExit) => void, reject: (error: unknown) => void) {
    const { feed, input, output, env, ascii, host } = options;
    this.#feed = feed;
    this.#env = env;
    this.#input = input;
    this.#output = output;
    this.#host = host ?? processHost;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#terminal = new Terminal(input, output);
    this.#frames = new Frames(this.#host, () => this.#paint());
    const { cols, rows } = this.#terminal.size;
    this.#model = initialModel(feed.hello, lookOf(env, ascii), cols, rows);
  }

  start(): void {
    // Before blessed is started: its own handlers act only where nobody else listens.
    this.#listen();
    this.#guard(() => {
      this.#terminal.take();
      this.#frames.request(true);
      this.#tick();
    });
    const subscription = { events: ["flow.*", "tls.failed"], since: "start", bodies: "meta" } as const;
    this.#feed.onMessage((message) => this.#dispatch({ type: "feed", message }, false));
    this.#feed.onClose((reason) => this.#end({ reason: "engine-gone", message: reason }));
    this.#feed.subscribe({ ...subscription, events: [...subscription.events] }).catch((error: unknown) => {
      this.#end({ reason: "engine-gone", message: messageOf(error) });
    });
  }

  #listen(): void {
    const quit = (): void => this.#end({ reason: "quit" });
    const host = this.#host;
    this.#undo.push(host.onCrash((error) => this.#crash(error)));
    this.#undo.push(host.onExit(() => this.#terminal.release()));
    for (const signal of ENDING_SIGNALS) this.#undo.push(host.onSignal(signal, quit));
    this.#undo.push(host.onSignal("SIGCONT", () => this.#continue()));
    this.#on(this.#input, "data", (chunk: Buffer) => this.#read(chunk));
    // A terminal that was closed can be neither read nor written.
    this.#on(this.#input, "end", quit);
    this.#on(this.#input, "error", quit);
    this.#output.on("error", quit);
    this.#on(this.#output, "drain", () => this.#frames.resume());
    this.#on(this.#output, "resize", () => {
      this.#cancelResize();
      this.#cancelResize = host.after(RESIZE_MS, () => this.#resize());
    });
  }

  #on<A extends unknown[]>(
    emitter: TerminalInput | TerminalOutput,
    event: string,
    listener: (...args: A) => void,
  ): void {
    emitter.on(event, listener);
    this.#undo.push(() => emitter.off(event, listener));
  }

  #dispatch(message: Message, urgent: boolean): void {
    if (this.#ended) return;
    this.#guard(() => {
      const [model, effects] = update(this.#model, message);
      this.#model = model;
      for (const effect of effects) this.#perform(effect);
      if (!this.#ended) this.#frames.request(urgent);
    });
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "quit":
        return this.#end({ reason: "quit" });
      case "suspend":
        return this.#suspend();
      case "repaint":
        return this.#terminal.invalidate();
      case "fetch-body":
        return this.#fetchBody(effect);
      case "fetch-request":
        return this.#fetchRequest(effect);
      case "copy":
        return this.#copy(effect);
      case "refilter":
        return this.#refilter();
    }
  }

  #fetchBody({ key, ref, limit }: Extract<Effect, { type: "fetch-body" }>): void {
    this.#feed.body(ref, { decoded: true, limit }).then(
      (content) => this.#dispatch({ type: "body", key, content }, false),
      (error: unknown) => this.#dispatch({ type: "body-failed", key, reason: messageOf(error) }, false),
    );
  }

  #fetchRequest({ flow, ref, limit }: Extract<Effect, { type: "fetch-request" }>): void {
    this.#feed.body(ref, { decoded: false, limit }).then(
      (content) => this.#dispatch({ type: "request-body", flow, content }, false),
      () => this.#dispatch({ type: "request-body", flow, content: null }, false),
    );
  }

  #copy({ what, text, leftOut }: Extract<Effect, { type: "copy" }>): void {
    const without = leftOut.length === 0 ? "" : `; left out: ${leftOut.join(", ")}`;
    copyText(text, { env: this.#env, write: (sequence) => this.#terminal.send(sequence) }).then(
      (way) => this.#dispatch({ type: "said", text: `${what} copied ${way}${without}` }, false),
      (error: unknown) => this.#dispatch({ type: "said", text: `not copied: ${messageOf(error)}` }, false),
    );
  }

  /** In slices, so that keys and frames come in between. */
  #refilter(): void {
    this.#cancelRefilter = this.#host.after(0, () => {
      const end = this.#host.now() + SLICE_MS;
      this.#dispatch({ type: "refilter", more: () => this.#host.now() < end }, false);
    });
  }

  #read(chunk: Buffer): void {
    this.#cancelEscape();
    this.#tokenizer.write(chunk);
    if (this.#tokenizer.waiting) this.#cancelEscape = this.#host.after(ESCAPE_MS, () => this.#tokenizer.timeout());
  }

  #resize(): void {
    const { cols, rows } = this.#terminal.measure();
    this.#dispatch({ type: "resize", cols, rows }, true);
  }

  #tick(): void {
    this.#dispatch({ type: "tick", now: this.#host.now() }, false);
    this.#cancelTick = this.#host.after(TICK_MS, () => this.#tick());
  }

  #paint(): boolean {
    let painted = true;
    this.#guard(() => {
      painted = this.#terminal.paint(view(this.#model));
    });
    return painted;
  }

  #suspend(): void {
    this.#frames.stop();
    this.#terminal.release();
    this.#host.suspend();
    // Also for a process that nobody can stop: the kernel ignores SIGTSTP where no shell would continue it.
    this.#cancelContinue = this.#host.after(CONTINUE_MS, () => this.#continue());
  }

  /** Continued: the terminal may have been used by others and have another size. */
  #continue(): void {
    if (this.#ended) return;
    this.#cancelContinue();
    this.#guard(() => {
      this.#terminal.release();
      this.#terminal.take();
      this.#resize();
      this.#frames.start();
    });
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#crash(error);
    }
  }

  #crash(error: unknown): void {
    if (this.#close()) this.#reject(error);
  }

  #end(exit: TuiExit): void {
    if (this.#close()) this.#resolve(exit);
  }

  /** Gives back the terminal and stops listening, once. */
  #close(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#frames.stop();
    this.#cancelEscape();
    this.#cancelResize();
    this.#cancelTick();
    this.#cancelContinue();
    this.#cancelRefilter();
    for (const undo of this.#undo.splice(0)) undo();
    this.#terminal.destroy();
    return true;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const ENDING_SIGNALS: readonly HostSignal[] = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"];
const RESIZE_MS = 50;
const TICK_MS = 1000;
const CONTINUE_MS = 100;
/** How long a new filter may keep the UI from keys and frames. */
const SLICE_MS = 5;
