/** How many flows ended, and how many of them failed. */

import type { FlowFailed } from "../flow/events.ts";
import type { FlowSource, LogEntry } from "../flow/source.ts";

export interface FlowCounts {
  flows: number;
  failed: number;
}

/** Counts from now on; the object returned changes as flows end. `onFailed` is given each flow that failed. */
export function countFlows(source: FlowSource, onFailed?: (flow: FlowFailed) => void): Readonly<FlowCounts> {
  const counts: FlowCounts = { flows: 0, failed: 0 };
  let next = source.first;
  source.onAppend(() => {
    for (next = Math.max(next, source.first); next < source.next; next++) {
      const entry = source.at(next);
      if (isFinished(entry)) counts.flows++;
      if (entry?.name !== "flow.failed") continue;
      counts.failed++;
      if (entry.event.event === "flow.failed") onFailed?.(entry.event);
    }
  });
  return counts;
}

export const isFinished = (entry: LogEntry | undefined): entry is LogEntry =>
  entry?.name === "flow.done" || entry?.name === "flow.failed";

/** "12 flows, 2 failed" */
export const countsText = ({ flows, failed }: FlowCounts): string =>
  `${flows} ${flows === 1 ? "flow" : "flows"}${failed > 0 ? `, ${failed} failed` : ""}`;
