import { AsyncLocalStorage } from 'node:async_hooks';

/** Global by symbol, so that every copy of this package in the process finds the same. */
const KEY = Symbol.for('otel-token-budget.counted');

const storage = ((): AsyncLocalStorage<unknown> => {
  const known = Reflect.get(globalThis, KEY) as AsyncLocalStorage<unknown> | undefined;
  const made = known ?? new AsyncLocalStorage<unknown>();
  if (known === undefined) Reflect.set(globalThis, KEY, made);
  return made;
})();

/**
 * Runs the sending of a call that is counted. What is sent on the way (by a client, through a `fetch` of ours) is the same
 * call, and is not counted again.
 * @param by what {@link countedBy} gives meanwhile
 */
export function sendCounted<T>(send: () => T, by: unknown = true): T {
  return storage.run(by, send);
}

/** Whether what is about to be sent belongs to a call that is counted already. */
export function isCounted(): boolean {
  return storage.getStore() !== undefined;
}

/** What counts the call that is being sent: of this copy of the package or another, so its class is to be looked at. */
export function countedBy(): unknown {
  return storage.getStore();
}
