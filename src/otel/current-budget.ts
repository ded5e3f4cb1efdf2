import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, createContextKey } from '@opentelemetry/api';
import type { TokenBudgetTracker } from '../budget/index.ts';

const KEY = createContextKey('otel-token-budget.tracker');

/** For set-ups without a context manager, where OpenTelemetry's context ends with the synchronous call. */
const storage = new AsyncLocalStorage<TokenBudgetTracker>();

/**
 * Runs `fn` with a budget of its own: calls made in it, and in what it starts, are charged to that budget and to its parents.
 * The budget travels in OpenTelemetry's context, so jobs in parallel have each its own.
 */
export function withBudget<T>(tracker: TokenBudgetTracker, fn: () => T): T {
  return storage.run(tracker, () => context.with(context.active().setValue(KEY, tracker), fn));
}

/** The budget of a context; undefined outside of {@link withBudget}. */
export function currentBudget(of: Context = context.active()): TokenBudgetTracker | undefined {
  return (of.getValue(KEY) as TokenBudgetTracker | undefined) ?? storage.getStore();
}
