/** How the delays between retries grow. */
export interface Backoff {
  /** The delay before the first retry at most, milliseconds. */
  readonly firstMs: number;
  /** The longest delay, milliseconds. */
  readonly maxMs: number;
  /** The share of a delay that is random, 0 to 1, so that processes do not retry in step; default: 0.5. */
  readonly jitter?: number;
}

/**
 * Returns the delay before a retry, milliseconds: it doubles with each retry, up to the longest.
 * @param retries how many retries came before this one
 */
export function backoffMs(retries: number, { firstMs, maxMs, jitter = 0.5 }: Backoff): number {
  const longest = Math.min(maxMs, firstMs * 2 ** retries);
  return longest * (1 - jitter * Math.random());
}
