/**
 * Remembers the result of `compute` for each object, without keeping the object in memory, for as long as one
 * field of it stays the same.
 */
export function memoizeByField<K extends object, V>(compute: (key: K) => V, field: keyof K): (key: K) => V {
  const results = new WeakMap<K, { readonly field: unknown; readonly value: V }>();
  return (key) => {
    const known = results.get(key);
    if (known !== undefined && known.field === key[field]) return known.value;
    const value = compute(key);
    results.set(key, { field: key[field], value });
    return value;
  };
}
