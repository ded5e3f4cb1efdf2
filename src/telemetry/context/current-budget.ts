import { AsyncLocalStorage } from 'node:async_hooks';
import { nestTracker, type TokenBudgetTracker } from '../../budget/index.ts';
import { processState } from '../../util/index.ts';
import { type Context, context, createContextKey, propagation } from '../api/index.ts';
import { registerForMetrics } from './budget-registry.ts';
import { checkEnforcement } from './enforcement.ts';

const KEY = createContextKey('otel-token-budget.tracker');

/** Baggage entry that names the budgets of a chain, nearest first. */
export const BAGGAGE_ENTRY = 'token_budget.chain';

/** Which budget names are sent to other services, and which names they may choose. */
export interface BaggagePolicy {
  /** Whether requests carry the names of the chain. Requires the host's instrumentation to send baggage. */
  readonly send: boolean;
  /** Names that incoming baggage may choose. Default: none. A name never creates or raises a budget. */
  readonly accept: readonly string[];
}

/** Shared by all copies of this package. */
const shared = processState('current-budget', () => ({
  /** For processes without a context manager, where OpenTelemetry's context ends with the synchronous call. */
  storage: new AsyncLocalStorage<TokenBudgetTracker>(),
  policy: { send: false, accept: [] } as BaggagePolicy,
  byName: new Map<string, TokenBudgetTracker>(),
  ofProcess: undefined as TokenBudgetTracker | undefined,
}));

/**
 * Sets the baggage policy of the process.
 * @example
 * setBaggagePolicy({ send: false, accept: ['team'] });
 */
export function setBaggagePolicy(newPolicy: BaggagePolicy): void {
  shared.policy = newPolicy;
}

/**
 * Registers a budget by name, so that incoming baggage can choose it if the policy accepts the name.
 * @example
 * registerBudget(new TokenBudgetTracker(defineBudget({ name: 'team', limits: { costUsd: 50 } }), { store }));
 */
export function registerBudget(tracker: TokenBudgetTracker): void {
  checkEnforcement(tracker, 'registerBudget');
  registerForMetrics(tracker);
  shared.byName.set(tracker.budget.name, tracker);
}

/**
 * Sets the budget of the process, which all calls are charged to.
 * @example
 * setProcessBudget(new TokenBudgetTracker(budget, { store }));
 */
export function setProcessBudget(tracker: TokenBudgetTracker): void {
  shared.ofProcess = tracker;
}

/**
 * Runs a function with its own budget: calls made by the function, and by anything it starts, are charged to
 * that budget and its parents, and to the budget of the process if it has no parent and is not detached. The
 * budget travels in OpenTelemetry's context, so each of several parallel jobs has its own.
 *
 * @returns the result of the function
 * @throws NotEnforcedError if the tracker requires enforcement and no client of the process is metered
 * @example
 * const budget = defineBudget({ name: 'summaries', limits: { costUsd: 0.25 } });
 * const tracker = new TokenBudgetTracker(budget, { store: new MemoryStore() });
 * const response = await withBudget(tracker, () => client.chat.completions.create(request));
 */
export function withBudget<T>(tracker: TokenBudgetTracker, fn: () => T): T {
  checkEnforcement(tracker, 'withBudget');
  registerForMetrics(tracker);
  const current = context.active().setValue(KEY, tracker);
  return shared.storage.run(tracker, () =>
    context.with(shared.policy.send ? withBaggage(current, tracker) : current, fn),
  );
}

/**
 * Returns a context's budget: from {@link withBudget}, otherwise from accepted baggage; undefined if none.
 * @example
 * const left = currentBudget()?.remaining.costUsd;
 */
export function currentBudget(from: Context = context.active()): TokenBudgetTracker | undefined {
  return (
    (from.getValue(KEY) as TokenBudgetTracker | undefined) ?? shared.storage.getStore() ?? readBaggage(from)
  );
}

/**
 * Returns the budget that a call is charged to: the current one, together with that of the process if it is nested in
 * it; otherwise the one that is given.
 * @param given the budget of calls made outside any `withBudget`
 * @example
 * const tracker = budgetOfCall(services.tracker);
 */
export function budgetOfCall(
  given: TokenBudgetTracker,
  from: Context = context.active(),
): TokenBudgetTracker {
  const current = currentBudget(from);
  if (current === undefined) return given;
  return shared.ofProcess === undefined ? current : nestTracker(current, shared.ofProcess);
}

function withBaggage(base: Context, tracker: TokenBudgetTracker): Context {
  const baggage = propagation.getBaggage(base) ?? propagation.createBaggage();
  return propagation.setBaggage(base, baggage.setEntry(BAGGAGE_ENTRY, { value: tracker.names.join(',') }));
}

function readBaggage(from: Context): TokenBudgetTracker | undefined {
  if (shared.policy.accept.length === 0) return undefined;
  const names = propagation.getBaggage(from)?.getEntry(BAGGAGE_ENTRY)?.value.split(',') ?? [];
  const name = names.find((each) => shared.policy.accept.includes(each) && shared.byName.has(each));
  return name === undefined ? undefined : shared.byName.get(name);
}
