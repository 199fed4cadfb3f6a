/** What a run says at its end: how many flows there were, and why the first of the failed ones failed. */

import type { FlowFailed } from "../flow/events.ts";
import type { FlowSource } from "../flow/source.ts";
import { countFlows, countsText } from "./flow-counter.ts";

/** Watches from now on. The function returned gives the lines, the counts first. */
export function watchRun(source: FlowSource): () => string[] {
  const first: FlowFailed[] = [];
  const counts = countFlows(source, (flow) => {
    if (first.length < MOST_SHOWN) first.push(flow);
  });
  return () => {
    if (counts.flows === 0) return [`${countsText(counts)}; ${NONE}`];
    const more = counts.failed - first.length;
    return [countsText(counts), ...first.map(failureText), ...(more > 0 ? [`and ${more} more failed`] : [])];
  };
}

function failureText({ method, url, error }: FlowFailed): string {
  return `failed: ${[method, url].filter((part) => part !== "").join(" ")}: ${error.reason}. ${error.hint}`;
}

const MOST_SHOWN = 3;
const NONE = "the command sent nothing through the proxy (what it was told to use: plainwire run --print-env)";
