/** "Did you mean": the candidate closest to a misspelt word. */

/** The nearest candidate, or null if none is close enough to be what was meant. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const asked = word.slice(0, LONGEST).toLowerCase();
  let best: string | null = null;
  let least = Math.max(1, Math.floor(asked.length / 3)) + 1;
  for (const candidate of candidates) {
    const cost = distance(asked, candidate.toLowerCase());
    if (cost < least) [best, least] = [candidate, cost];
  }
  return best;
}

/** " (did you mean X?)", or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === null ? "" : `; did you mean ${found}?`;
}

/** Edits between two words: insert, delete, replace, or swap of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const costs = [cell(last, column) + 1, cell(current, column - 1) + 1, cell(last, column - 1) + (same ? 0 : 1)];
      if (swapped) costs.push(cell(beforeLast, column - 2) + 1);
      current.push(Math.min(...costs));
    }
    [beforeLast, last] = [last, current];
  }
  return cell(last, b.length);
}

const cell = (row: number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;

const LONGEST = 64;
