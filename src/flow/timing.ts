import type { Timing } from "./events.ts";
import type { Reading } from "./reading.ts";

/** How long each step of a flow took, in ms; null where it did not take place, or has not yet. */
export function timingOf({ flow, upstream }: Reading): Timing {
  const { started, requestEnded, respondedAt, endedAt } = flow;
  const own = upstream !== null && !upstream.reused ? upstream.to : null;
  const dialled = own?.dialled?.value ?? null;
  const tls = own?.tls?.value ?? null;
  return {
    dns: dialled && rounded(dialled.dnsMs),
    connect: dialled && rounded(dialled.connectMs),
    tls: tls && rounded(tls.handshakeMs),
    send: between(started, requestEnded),
    wait: between(requestEnded, respondedAt),
    receive: between(respondedAt, endedAt),
    total: between(started, endedAt),
  };
}

/** A response may begin before its request has ended: no time at all then. */
function between(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : rounded(Math.max(0, to - from));
}

/** To microseconds, the clock's own resolution: differences of epoch times have digits that mean nothing. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
