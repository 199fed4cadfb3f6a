/** Engines that run on this machine for this user. */

import { connectFeed } from "../feed/client.ts";
import { type EngineSession, readSessions } from "./runtime.ts";

export type RunningEngine = EngineSession;

/** The newest that is wanted and answers. `folder` is the runtime folder. */
export async function findEngine(
  folder: string,
  wanted: (engine: RunningEngine) => boolean = () => true,
): Promise<RunningEngine | null> {
  for (const session of readSessions(folder).filter(wanted)) if (await answers(session)) return session;
  return null;
}

/** Whether what listens there is the engine that wrote the file: a port may have another owner since. */
async function answers({ feed, token, epoch }: EngineSession): Promise<boolean> {
  try {
    const client = await connectFeed({ url: feed, token }, { timeoutMs: PATIENCE_MS });
    client.close();
    return client.hello.epoch === epoch;
  } catch {
    return false;
  }
}

const PATIENCE_MS = 2000;
