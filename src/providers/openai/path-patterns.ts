/**
 * The pattern that a path is of, `{id}` in it for what names one thing: `/threads/thread_1/runs` is of
 * `/threads/{id}/runs`. A pattern that ends in `/**` takes any rest. Words go before ids; undefined where none fits.
 */
export function patternOf(path: string, patterns: Iterable<string>): string | undefined {
  const parts = path.split('/');
  let best: string | undefined;
  for (const pattern of patterns) {
    if (fits(parts, pattern.split('/')) && (best === undefined || ids(pattern) < ids(best))) best = pattern;
  }
  return best;
}

function fits(parts: readonly string[], pattern: readonly string[]): boolean {
  if (pattern.at(-1) === '**') {
    const words = pattern.slice(0, -1);
    return parts.length >= words.length && words.every((word, index) => word === parts[index]);
  }
  return (
    parts.length === pattern.length &&
    pattern.every((word, index) => word === parts[index] || word === '{id}')
  );
}

/** How little a pattern says: one that takes any rest the least. */
function ids(pattern: string): number {
  return pattern.endsWith('**') ? 100 : pattern.split('{id}').length;
}

/** A path that no pattern is known of, without what may be an id in it. */
export function withoutIds(path: string): string {
  return path
    .split('/')
    .map((part) => (/\d/.test(part) || part.length > 32 ? '{id}' : part))
    .join('/');
}

/** The path without its query. */
export function plainPath(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}
