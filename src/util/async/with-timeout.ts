/**
 * Settles as `work` does, or rejects with the error that `onTimeout` returns if it has not settled in time. The timer
 * keeps the process alive.
 * @param onTimeout called once, and only if `work` is late
 */
export async function withTimeout<T>(
  work: T | Promise<T>,
  timeoutMs: number,
  onTimeout: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isSettled = false;
  const timeout = new Promise<never>((_, reject) => {
    const expire = (): void => {
      if (!isSettled) reject(onTimeout());
    };
    // If the process was busy, the answer may have arrived and only needs to be read.
    timer = setTimeout(() => setImmediate(() => setImmediate(expire)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    isSettled = true;
    clearTimeout(timer);
  }
}
