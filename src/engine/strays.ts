/** Records that fit nothing: what the feed shows can't be trusted then, so somebody should know. */

import type { FlowLog } from "../flow/log.ts";
import type { Log } from "./config.ts";

/** What it returns is to be called after each batch; it warns once. */
export function watchStrays(flowLog: Pick<FlowLog, "stats">, log: Log): () => void {
  let warned = false;
  return () => {
    if (warned) return;
    const { strayRecords, strayEnds } = flowLog.stats();
    if (strayRecords === 0 && strayEnds === 0) return;
    warned = true;
    const counts = `${strayRecords} stray records, ${strayEnds} stray ends`;
    log("warn", `the relay recorded what belongs to no flow (${counts}): flows may be wrong; please report it`);
  };
}
