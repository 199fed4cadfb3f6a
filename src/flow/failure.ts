/** A flow's failure in words: who, what, and what now. */

import { FAILURES, sentence } from "../errors.ts";
import type { Failed } from "./events.ts";
import type { Failure } from "./flow.ts";

export interface FailureWords extends Failed {
  /** Name of the TLS alert that a peer sent, or null. */
  alert: string | null;
}

/** `host` is the destination as it is shown, or null if unknown; `ca` is the path of plainwire's CA certificate. */
export function failureWords(failure: Failure, host: string | null, ca: string): FailureWords {
  const { code, leg } = failure;
  const { fix, step, status } = FAILURES[code];
  const { alert, detail } = splitAlert(failure.detail);
  return {
    code,
    leg,
    step,
    reason: sentence(code, host),
    // A function, because "$&" and its like in a replacement text have a meaning.
    hint: fix.replaceAll("{ca}", () => ca).replaceAll("{host}", () => host ?? "the upstream"),
    detail,
    // Not the recorded response's status: a faulty response is recorded as it came, and a page sent in its place.
    answered: failure.answered ? status : null,
    alert,
  };
}

/** The relay puts an alert in front of the platform's words: "alert:unknown_ca ERR_SSL_...". */
function splitAlert(detail: string | null): { alert: string | null; detail: string | null } {
  const match = /^alert:(\S+) ?/.exec(detail ?? "");
  if (detail === null || match === null) return { alert: null, detail };
  return { alert: match[1] ?? null, detail: detail.slice(match[0].length) || null };
}
