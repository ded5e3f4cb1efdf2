/**
 * Calls `next` with a value at once, or once its promise resolves: a synchronous store costs no microtask.
 */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Whether a value is a promise. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Ignores a later rejection: for work beside the call that must not end the process. */
export function ignoreRejection(value: MaybePromise<unknown>): MaybePromise<void> {
  return isPromise(value)
    ? value.then(
        () => undefined,
        () => undefined,
      )
    : undefined;
}

/** A value now or later: the memory store returns at once, a shared one later. */
export type MaybePromise<T> = T | Promise<T>;
