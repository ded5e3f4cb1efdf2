import { isPromise, type MaybePromise } from './maybe-promise.ts';

/** For how long at most, milliseconds: work that takes longer is stuck. */
const LONGEST_MS = 600_000;

/**
 * Keeps the process alive until work settles that the application waits for. Without that, a process that has
 * nothing else to do ends with its promises pending, and code 13: connections and timers of ours are unref'd.
 * @returns the work
 */
export function keepAlive<T>(work: MaybePromise<T>): MaybePromise<T> {
  if (!isPromise(work)) return work;
  const timer = setTimeout(() => {}, LONGEST_MS);
  const release = (): void => clearTimeout(timer);
  work.then(release, release);
  return work;
}
