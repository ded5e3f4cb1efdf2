import { AsyncLocalStorage } from 'node:async_hooks';

/** Global by symbol, so that every copy of this package in the process shares one guard. */
const KEY = Symbol.for('otel-token-budget.enclosing-call');

const storage = ((): AsyncLocalStorage<unknown> => {
  const shared = Reflect.get(globalThis, KEY) as AsyncLocalStorage<unknown> | undefined;
  if (shared !== undefined) return shared;
  const created = new AsyncLocalStorage<unknown>();
  Reflect.set(globalThis, KEY, created);
  return created;
})();

/**
 * Runs `send` as the sending of a call. Requests made on the way, such as by a budgeted `fetch` under the SDK,
 * are part of that call and are not metered again.
 * @param call what {@link enclosingCall} returns meanwhile
 */
export function runWithinCall<T>(call: unknown, send: () => T): T {
  return storage.run(call, send);
}

/** Whether a call is being sent, so that a request made now is part of it. */
export function isWithinCall(): boolean {
  return storage.getStore() !== undefined;
}

/** The call being sent. Another copy of this package may have started it, so check its class. */
export function enclosingCall(): unknown {
  return storage.getStore();
}
