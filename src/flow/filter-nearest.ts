/** Which word somebody meant. */

/** The candidate nearest to `word`, at most two typing errors away (a swap counts as one), or null. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (word.length > LONGEST) return null;
  const ranked = candidates.map((candidate) => ({ candidate, errors: distance(word, candidate) }));
  ranked.sort((a, b) => a.errors - b.errors);
  const best = ranked[0];
  // More than half of a word wrong is another word.
  return best && best.errors <= 2 && best.errors * 2 <= best.candidate.length ? best.candidate : null;
}

/** Damerau and Levenshtein's distance, with swaps of neighbours only. */
function distance(from: string, to: string): number {
  let older: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = swaps ? (older[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    older = row;
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The work is quadratic and the word a stranger's. */
const LONGEST = 64;
