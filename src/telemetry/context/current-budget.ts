import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, createContextKey, propagation } from '@opentelemetry/api';
import type { TokenBudgetTracker } from '../../budget/index.ts';
import { registerForMetrics } from './budget-registry.ts';

const KEY = createContextKey('otel-token-budget.tracker');

/** The baggage entry that names the budgets of a chain, nearest first. */
export const BAGGAGE_ENTRY = 'token_budget.chain';

/** For set-ups without a context manager, where OpenTelemetry's context ends with the synchronous call. */
const storage = new AsyncLocalStorage<TokenBudgetTracker>();

/** Which budgets are told to other services, and which may be chosen by them. */
export interface BaggagePolicy {
  /** Whether requests carry the names of the chain, where the host's instrumentation sends baggage. */
  readonly send: boolean;
  /** The names that baggage from outside may choose; none by default. A name never creates or raises a budget. */
  readonly accept: readonly string[];
}

let policy: BaggagePolicy = { send: false, accept: [] };

const byName = new Map<string, TokenBudgetTracker>();

/** Sets for the whole process which names go out as baggage, and which are honoured. */
export function setBaggagePolicy(given: BaggagePolicy): void {
  policy = given;
}

/** Makes a budget one that baggage can choose, where its name is accepted. */
export function registerBudget(tracker: TokenBudgetTracker): void {
  registerForMetrics(tracker);
  byName.set(tracker.budget.name, tracker);
}

/**
 * Runs `fn` with a budget of its own: calls made in it, and in what it starts, are charged to that budget and to its parents.
 * The budget travels in OpenTelemetry's context, so jobs in parallel have each its own.
 */
export function withBudget<T>(tracker: TokenBudgetTracker, fn: () => T): T {
  registerForMetrics(tracker);
  const within = context.active().setValue(KEY, tracker);
  return storage.run(tracker, () => context.with(policy.send ? withBaggage(within, tracker) : within, fn));
}

/** The budget of a context: the one of {@link withBudget}, else the one that accepted baggage names, else none. */
export function currentBudget(of: Context = context.active()): TokenBudgetTracker | undefined {
  return (of.getValue(KEY) as TokenBudgetTracker | undefined) ?? storage.getStore() ?? fromBaggage(of);
}

function withBaggage(within: Context, tracker: TokenBudgetTracker): Context {
  const baggage = propagation.getBaggage(within) ?? propagation.createBaggage();
  return propagation.setBaggage(within, baggage.setEntry(BAGGAGE_ENTRY, { value: tracker.names.join(',') }));
}

function fromBaggage(of: Context): TokenBudgetTracker | undefined {
  if (policy.accept.length === 0) return undefined;
  const names = propagation.getBaggage(of)?.getEntry(BAGGAGE_ENTRY)?.value.split(',') ?? [];
  const name = names.find((one) => policy.accept.includes(one) && byName.has(one));
  return name === undefined ? undefined : byName.get(name);
}
