/** The edits that a misspelt word may need, as a share of the longer word's length. */
const MAX_EDIT_SHARE = 0.4;

/** Returns the known word that `word` probably means; undefined if none is similar. Ignores case. */
export function findClosestMatch(word: string, known: Iterable<string>): string | undefined {
  let closest: string | undefined;
  let fewest = Infinity;
  for (const candidate of known) {
    const most = Math.max(word.length, candidate.length) * MAX_EDIT_SHARE;
    if (Math.abs(word.length - candidate.length) > most) continue;
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits > most || edits >= fewest) continue;
    closest = candidate;
    fewest = edits;
  }
  return closest;
}

/** Returns ` (did you mean "…"?)` with the closest known word, for an error; an empty text if none is similar. */
export function suggestClosest(word: string, known: Iterable<string>): string {
  const closest = findClosestMatch(word, known);
  return closest === undefined ? '' : ` (did you mean "${closest}"?)`;
}

/** The Levenshtein distance: characters to insert, delete or replace, by the rows of the classic matrix. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
