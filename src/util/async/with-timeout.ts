/** How a timeout is waited for. */
export interface TimeoutOptions {
  /** For how long at most it keeps the process alive, milliseconds; default: until it is over. */
  readonly keepsAliveMs?: number;
}

/** Into how many parts a timeout is divided. */
const PARTS = 8;

/** How long a part is at least and at most, milliseconds. */
const MIN_PART_MS = 10;
const MAX_PART_MS = 250;

/**
 * Settles as `work` does, or rejects with the error that `onTimeout` returns if it has not settled in time.
 * Time in which this process was blocked (by a long computation, or suspended) hardly counts: the answer may
 * have arrived long ago and only needs to be read.
 * @param onTimeout called once, and only if `work` is late
 */
export async function withTimeout<T>(
  work: T | Promise<T>,
  timeoutMs: number,
  onTimeout: () => Error,
  { keepsAliveMs = timeoutMs }: TimeoutOptions = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isSettled = false;
  const timeout = new Promise<never>((_, reject) => {
    const expire = (): void => {
      if (!isSettled) reject(onTimeout());
    };
    // A part counts for its own length, however much later its timer fires.
    const wait = (leftMs: number): void => {
      const partMs = Math.min(leftMs, Math.max(timeoutMs / PARTS, MIN_PART_MS), MAX_PART_MS);
      timer = setTimeout(() => {
        if (leftMs > partMs) wait(leftMs - partMs);
        else setImmediate(() => setImmediate(expire));
      }, partMs);
      if (timeoutMs - leftMs >= keepsAliveMs) timer.unref();
    };
    wait(timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    isSettled = true;
    clearTimeout(timer);
  }
}
