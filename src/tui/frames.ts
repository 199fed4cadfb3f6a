/** When to draw: at most 30 times a second, a key's answer at once if the screen was at rest. */

import type { Host } from "./host.ts";

export class Frames {
  readonly #host: Host;
  readonly #paint: () => boolean;
  #last = -Infinity;
  #cancel: (() => void) | null = null;
  #held = false;

  /** `paint` draws the newest state and returns false if the terminal takes nothing at present. */
  constructor(host: Host, paint: () => boolean) {
    this.#host = host;
    this.#paint = paint;
  }

  /** Something changed. However often this is called before the next frame, it is one frame. */
  request(urgent: boolean): void {
    if (this.#held) return;
    const wait = Math.max(0, this.#last + FRAME_MS - this.#host.now());
    if (urgent && wait === 0) return this.#draw();
    this.#cancel ??= this.#host.after(wait, () => this.#draw());
  }

  /** The terminal takes output again. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.request(false);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#held = true;
  }

  /** Takes up again after {@link stop}. */
  start(): void {
    this.#held = false;
    this.request(true);
  }

  #draw(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#last = this.#host.now();
    if (!this.#paint()) this.#held = true;
  }
}

const FRAME_MS = 33;
