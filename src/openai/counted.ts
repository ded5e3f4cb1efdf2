import { AsyncLocalStorage } from 'node:async_hooks';

/** Global by symbol, so that every copy of this package in the process finds the same. */
const KEY = Symbol.for('otel-token-budget.counted');

const storage = ((): AsyncLocalStorage<true> => {
  const known = Reflect.get(globalThis, KEY) as AsyncLocalStorage<true> | undefined;
  const made = known ?? new AsyncLocalStorage<true>();
  if (known === undefined) Reflect.set(globalThis, KEY, made);
  return made;
})();

/**
 * Runs the sending of a call that is counted. What is sent on the way (by a client, through a `fetch` of ours) is the same
 * call, and is not counted again.
 */
export function sendCounted<T>(send: () => T): T {
  return storage.run(true, send);
}

/** Whether what is about to be sent belongs to a call that is counted already. */
export function isCounted(): boolean {
  return storage.getStore() === true;
}
