import { isPromise, type MaybePromise } from './maybe-promise.ts';

/** For how long at most, milliseconds: work that takes longer is stuck. */
const LONGEST_MS = 600_000;

/**
 * Keeps the process alive until the work that the application awaits has settled. Our connections and timers are
 * unref'd, so a process that only awaits them would exit with code 13 while its promises are pending.
 * @returns the work
 */
export function keepAlive<T>(work: MaybePromise<T>): MaybePromise<T> {
  if (!isPromise(work)) return work;
  const timer = setTimeout(() => {}, LONGEST_MS);
  const release = (): void => clearTimeout(timer);
  work.then(release, release);
  return work;
}
