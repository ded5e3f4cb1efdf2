import { AsyncLocalStorage } from 'node:async_hooks';

/** Global by symbol, so that every copy of this package in the process shares one storage. */
const KEY = Symbol.for('otel-token-budget.enclosing-call');

const shared = Reflect.get(globalThis, KEY) as AsyncLocalStorage<unknown> | undefined;

/**
 * The call that is being sent, while it is being sent. A request made meanwhile, such as by a budgeted
 * `fetch` under the SDK, is part of that call and is not metered again. Another copy of this package may have
 * stored it, so check its class before use.
 */
export const enclosingCall: AsyncLocalStorage<unknown> = shared ?? new AsyncLocalStorage<unknown>();

if (shared === undefined) Reflect.set(globalThis, KEY, enclosingCall);
