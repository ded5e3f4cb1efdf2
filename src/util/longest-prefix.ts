/** A value for every name that begins with a prefix. */
export type PrefixEntry<T> = readonly [prefix: string, value: T];

/** Returns the value of the longest prefix that `name` begins with; undefined if it begins with none. */
export function findByLongestPrefix<T>(entries: readonly PrefixEntry<T>[], name: string): T | undefined {
  let best: PrefixEntry<T> | undefined;
  for (const entry of entries) {
    if (name.startsWith(entry[0]) && entry[0].length > (best?.[0].length ?? 0)) best = entry;
  }
  return best?.[1];
}
