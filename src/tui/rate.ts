/** Flows a second, over the last whole seconds. */

export interface Rate {
  /** Epoch second of the newest entry. */
  readonly second: number;
  /** Flows that began in it and in the seconds before it, newest first. */
  readonly counts: readonly number[];
}

/** Counts `flows` that began at `ms`, which may lie a little before what was counted last. */
export function counted(rate: Rate, ms: number, flows: number): Rate {
  const second = Math.floor(ms / 1000);
  const passed = second - rate.second;
  if (passed === 0 && flows === 0) return rate;
  const fresh = Array.from({ length: Math.min(Math.max(0, passed), WINDOW + 1) }, () => 0);
  const counts = [...fresh, ...rate.counts].slice(0, WINDOW + 1);
  const at = Math.max(0, -passed);
  if (at <= WINDOW) counts[at] = (counts[at] ?? 0) + flows;
  return { second: Math.max(second, rate.second), counts };
}

/** Flows a second; the second that still runs is left out. */
export function perSecond(rate: Rate): number {
  return rate.counts.slice(1).reduce((sum, count) => sum + count, 0) / WINDOW;
}

const WINDOW = 3;
export const NO_RATE: Rate = { second: 0, counts: Array.from({ length: WINDOW + 1 }, () => 0) };
