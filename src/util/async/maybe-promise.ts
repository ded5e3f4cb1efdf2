/** Goes on with a value at once where it is at hand, later where it is a promise: no tick is lost in memory. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Where it fails later, nobody is told: for what is done beside the call and must not end its process. */
export function ignoreRejection(value: MaybePromise<unknown>): MaybePromise<void> {
  return isPromise(value)
    ? value.then(
        () => undefined,
        () => undefined,
      )
    : undefined;
}

/** One or all: the memory store answers at once, a shared one later. */
export type MaybePromise<T> = T | Promise<T>;
