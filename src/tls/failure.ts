/** Why a handshake failed, as a value. */

import type { FailureCode } from "../errors.ts";

import { alertOf } from "./verdict.ts";

export interface HandshakeFailure {
  code: FailureCode;
  /** The platform's words; begins with "alert:NAME " if the peer sent an alert. */
  detail: string | null;
}

/** The platform's words for an error: OpenSSL's reason without its queue's numbers and source lines. */
export function detailOf(error: NodeJS.ErrnoException & { reason?: string }): string {
  const alert = alertOf(error);
  const words = error.reason ?? error.message;
  return alert === null ? words : `alert:${alert} ${words}`;
}
