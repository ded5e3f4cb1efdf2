/**
 * Does work for each item, so many at once, and gives the answers in order. Where some fail, the others are done all the same, since
 * what they cost is spent; then the first failure is thrown.
 * @param atOnce all of them where absent
 */
export async function mapWithConcurrency<T, R>(
  items: readonly T[],
  atOnce: number | undefined,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: PromiseSettledResult<R>[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next;
      next += 1;
      [results[at] as PromiseSettledResult<R>] = await Promise.allSettled([work(items[at] as T)]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce ?? items.length, items.length) }, worker));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
