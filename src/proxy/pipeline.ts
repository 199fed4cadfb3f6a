/** The exchanges of one client connection whose responses are still to come, in the order of their requests. */

import type { FailureCode } from "../errors.ts";
import type { Exchange } from "./exchange.ts";

export class Pipeline {
  #open: Exchange[] = [];

  /** The exchange that the next response bytes belong to. */
  get first(): Exchange | undefined {
    return this.#open[0];
  }

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** True if no further request may be read for now. */
  get isFull(): boolean {
    const { length } = this.#open;
    return length !== 0 && (length >= MAX_PIPELINED || this.#open[length - 1]?.upgrade === true);
  }

  push(exchange: Exchange): void {
    this.#open.push(exchange);
  }

  /** Ends the first exchange well and takes it out. */
  retire(): void {
    this.#open.shift()?.done();
  }

  /**
   * Ends all of them: the first with its own reason, those behind it because they were never answered.
   *
   * `clientEnded`: the client had ended its side. One that goes away does so, it is passed on, and the upstream closes
   * because of it: the missing response is then not the upstream's fault. (A half-close looks the same, and is rare.)
   */
  failAll(code: FailureCode, detail: string | null, clientEnded = false): void {
    const reason = clientEnded && FOLLOWS_CLIENT.has(code) ? "client-closed" : code;
    for (const exchange of this.#open) {
      // A response that was complete stays a success, even if its request was cut short by the other side's close.
      if (exchange.responseDone) exchange.done();
      else if (exchange.refusal !== null) exchange.fail(exchange.refusal.code, exchange.refusal.detail);
      else exchange.fail(reason, detail);
    }
    this.#open.length = 0;
  }
}

/** More than any client sends; a bound on what a hostile one can make us remember. */
const MAX_PIPELINED = 64;
const FOLLOWS_CLIENT: ReadonlySet<FailureCode> = new Set(["upstream-closed", "upstream-reset", "response-truncated"]);
