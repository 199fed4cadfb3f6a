/** Waiting for conditions instead of for time. */

/** Resolves when `condition` holds; else rejects after a few seconds, with what was waited for. */
export async function until(condition: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what()}`);
    await turn();
  }
}

/** Lets everything happen that is on its way between streams of this process. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const PATIENCE_MS = 4000;
