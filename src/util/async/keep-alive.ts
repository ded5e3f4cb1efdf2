import { isPromise, type MaybePromise } from './maybe-promise.ts';

/** Longer than any process waits; the timer does nothing. */
const LONG_MS = 2 ** 31 - 1;

let timer: NodeJS.Timeout | undefined;
let waiting = 0;

/**
 * Keeps the process alive until work settles that the application waits for. Without that, a process that has
 * nothing else to do ends with its promises pending, and code 13: connections and timers of ours are unref'd.
 * @returns the work
 */
export function keepAlive<T>(work: MaybePromise<T>): MaybePromise<T> {
  if (!isPromise(work)) return work;
  waiting += 1;
  timer ??= setInterval(() => {}, LONG_MS);
  timer.ref();
  const release = (): void => {
    waiting -= 1;
    if (waiting === 0) timer?.unref();
  };
  work.then(release, release);
  return work;
}
