/**
 * Calls `work` for each item, a number of them at a time, and returns the results in order. If some fail, the
 * others still complete, since what they cost is spent; then the first failure is thrown.
 * @param concurrency how many run at a time; default: all
 */
export async function mapWithConcurrency<T, R>(
  items: readonly T[],
  concurrency: number | undefined,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: PromiseSettledResult<R>[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      [results[index] as PromiseSettledResult<R>] = await Promise.allSettled([work(items[index] as T)]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency ?? items.length, items.length) }, worker));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
