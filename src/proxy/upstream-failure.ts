/** Why there is no upstream, or none any more. */

import type { Duplex } from "node:stream";
import type { FailureCode } from "../errors.ts";
import { alertOf, verdictOf } from "../tls/verdict.ts";

export interface UpstreamFailure {
  code: FailureCode;
  detail: string | null;
}

/** An upstream that went away before anything was sent to it: then the first request can be told. Else null. */
export function failureBefore(upstream: object | Duplex): UpstreamFailure | null {
  return "pipe" in upstream && upstream.destroyed ? goneFor(upstream.errored) : null;
}

/** What an upstream connection's end without a FIN means; `error` null if there was none. */
export function goneFor(error: Error | null): UpstreamFailure {
  if (error === null) return { code: "upstream-reset", detail: "the connection was closed without an end" };
  return { code: alertOf(error) === null ? "upstream-reset" : verdictOf(error), detail: error.message };
}
