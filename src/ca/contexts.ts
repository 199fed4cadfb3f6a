/** Secure contexts of the client leg, one a name: minted on first use, kept, bounded. */

import { randomBytes } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Leaf, Minter } from "./leaf.ts";
import { parseLeafName } from "./name.ts";

export interface LeafContext {
  context: SecureContext;
  leaf: Leaf;
  /** Time in ms that minting and making the context took, or null if it was there already. */
  mintedMs: number | null;
}

export interface LeafContexts {
  /**
   * The context for a name. Minting is synchronous, so a mint in flight is shared by construction: a second asker of a
   * new name can only come when the first one's context is there. Throws RangeError for what is no name, as
   * {@link Minter.mint} does.
   */
  contextFor(name: string): LeafContext;
}

/** Keeps `capacity` contexts (default 1,000: some 20 KB each); the one that was asked for longest ago goes first. */
export function createLeafContexts(
  minter: Minter,
  options: { capacity?: number; now?: () => number } = {},
): LeafContexts {
  const { capacity = 1_000, now = Date.now } = options;
  // A Map iterates in the order of insertion: re-inserting on each use makes it an LRU list.
  const kept = new Map<string, LeafContext>();
  // Shared by all contexts, so that a client's session outlives its name's eviction and renewal, and not the process.
  const ticketKeys = randomBytes(48);

  return {
    contextFor(text) {
      const name = parseLeafName(text)?.text ?? text;
      const known = kept.get(name);
      kept.delete(name);
      if (known !== undefined && now() < known.leaf.renewAt) {
        kept.set(name, known);
        return known;
      }
      const fresh = create(minter, name, ticketKeys);
      kept.set(name, { ...fresh, mintedMs: null });
      if (kept.size > capacity) evictOldest(kept);
      return fresh;
    },
  };
}

function create(minter: Minter, name: string, ticketKeys: Buffer): LeafContext {
  const begun = performance.now();
  const leaf = minter.mint(name);
  const context = createSecureContext({
    cert: leaf.chainPem,
    key: leaf.keyPem,
    minVersion: "TLSv1.2",
    ticketKeys,
    // OpenSSL resumes a session only in the session id context that it was made in.
    sessionIdContext: SESSION_ID_CONTEXT,
    // Clients are not verified: an empty list keeps Node from loading its root store for nothing.
    ca: [],
  });
  return { context, leaf, mintedMs: performance.now() - begun };
}

function evictOldest(kept: Map<string, LeafContext>): void {
  for (const name of kept.keys()) {
    kept.delete(name);
    return;
  }
}

const SESSION_ID_CONTEXT = "plainwire";
