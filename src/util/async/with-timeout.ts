/** How a timeout is waited for. */
export interface TimeoutOptions {
  /** Whether its timer keeps the process alive; default: true. */
  readonly keepsAlive?: boolean;
}

/**
 * Settles as `work` does, or rejects with the error that `onTimeout` returns if it has not settled in time.
 * @param onTimeout called once, and only if `work` is late
 */
export async function withTimeout<T>(
  work: T | Promise<T>,
  timeoutMs: number,
  onTimeout: () => Error,
  { keepsAlive = true }: TimeoutOptions = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isSettled = false;
  const timeout = new Promise<never>((_, reject) => {
    const expire = (): void => {
      if (!isSettled) reject(onTimeout());
    };
    // If the process was busy, the answer may have arrived and only needs to be read.
    timer = setTimeout(() => setImmediate(() => setImmediate(expire)), timeoutMs);
    if (!keepsAlive) timer.unref();
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    isSettled = true;
    clearTimeout(timer);
  }
}
