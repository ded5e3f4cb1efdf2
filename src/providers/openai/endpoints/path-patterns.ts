/**
 * The pattern that a path matches: `/threads/thread_1/runs` matches `/threads/{id}/runs`, where `{id}` is any
 * part. A pattern that ends in `/**` matches any rest. The most specific match wins; undefined without one.
 */
export function matchPathPattern(path: string, patterns: Iterable<string>): string | undefined {
  const parts = path.split('/');
  let best: string | undefined;
  for (const pattern of patterns) {
    if (!isMatch(parts, pattern.split('/'))) continue;
    if (best === undefined || vagueness(pattern) < vagueness(best)) best = pattern;
  }
  return best;
}

function isMatch(parts: readonly string[], pattern: readonly string[]): boolean {
  if (pattern.at(-1) === '**') {
    const prefix = pattern.slice(0, -1);
    return parts.length >= prefix.length && prefix.every((part, index) => part === parts[index]);
  }
  return (
    parts.length === pattern.length &&
    pattern.every((part, index) => part === parts[index] || part === '{id}')
  );
}

/** How little a pattern fixes: one that matches any rest fixes the least. */
function vagueness(pattern: string): number {
  return pattern.endsWith('**') ? 100 : pattern.split('{id}').length;
}

/** An unknown path with `{id}` in place of the parts that may be ids. */
export function maskIds(path: string): string {
  return path
    .split('/')
    .map((part) => (/\d/.test(part) || part.length > 32 ? '{id}' : part))
    .join('/');
}

/** The path without its query. */
export function pathWithoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}
