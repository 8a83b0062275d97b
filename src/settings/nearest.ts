/** The candidate that a mistyped word most likely means; undefined when none is near. Case does not count. */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.slice(0, 64).toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distanceBetween(typed, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}

/** How many letters to add, drop, change or swap with their neighbour; 1 for a word that only breaks off early. */
function distanceBetween(typed: string, candidate: string): number {
  if (typed.length >= 3 && candidate.startsWith(typed)) return typed === candidate ? 0 : 1;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: candidate.length + 1 }, (_, index) => index);
  for (let row = 1; row <= typed.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= candidate.length; column += 1) {
      const changed = typed[row - 1] === candidate[column - 1] ? 0 : 1;
      const swapped = typed[row - 1] === candidate[column - 2] && typed[row - 2] === candidate[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + changed,
          swapped ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, candidate.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
