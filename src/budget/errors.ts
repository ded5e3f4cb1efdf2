import { formatUsd, nanoToUsd, usdToNano } from '../pricing/index.ts';
import { shareClass } from '../util/index.ts';
import { type Amounts, type LimitName, raisedLimits } from './limits.ts';
import type { Denied } from './store.ts';

/** An amount with money in USD instead of nano-USD. */
export interface SpentAmounts {
  readonly tokens: number;
  readonly costUsd: number;
  readonly calls: number;
}

/**
 * The budget cannot pay for the call, which was not sent. `status` is 402, which neither the openai SDK nor
 * the frameworks on top of it retry.
 *
 * @example
 * try {
 *   await client.responses.create({ model: 'gpt-5.2', input: 'Hello' });
 * } catch (error) {
 *   if (!(error instanceof BudgetExceededError)) throw error;
 *   console.error(error.budget, error.limit, error.settled.costUsd);
 * }
 */
export class BudgetExceededError extends Error {
  readonly code = 'token_budget_exceeded';
  readonly status = 402;
  /** The name of the budget that denied the call. */
  readonly budget: string;
  /**
   * The limit that the call would have exceeded, and its value plus grants: USD, tokens, calls or minutes.
   */
  readonly limit: { readonly name: LimitName; readonly value: number };
  /** The amounts charged so far. */
  readonly settled: SpentAmounts;
  /** The amounts reserved by open calls. */
  readonly reserved: SpentAmounts;
  /** The least that this call needed to reserve. */
  readonly requested: SpentAmounts;

  constructor(denied: Denied) {
    super(messageOf(denied));
    this.name = 'BudgetExceededError';
    this.budget = denied.budget.name;
    this.limit = { name: denied.limit, value: limitsOf(denied)[denied.limit] ?? 0 };
    this.settled = toSpentAmounts(denied.balances.settled);
    this.reserved = toSpentAmounts(denied.balances.reserved);
    this.requested = toSpentAmounts(denied.requested);
  }
}

shareClass(BudgetExceededError, 'BudgetExceededError');

function limitsOf({ budget, balances }: Denied): Denied['budget']['limits'] {
  return raisedLimits(budget.limits, balances.granted);
}

function toSpentAmounts(amounts: Amounts): SpentAmounts {
  return { tokens: amounts.tokens, costUsd: nanoToUsd(amounts.costNanoUsd), calls: amounts.calls };
}

/** The environment variable of each limit. */
const VARIABLES: Readonly<Record<LimitName, string>> = {
  costUsd: 'TOKEN_BUDGET_USD',
  tokens: 'TOKEN_BUDGET_TOKENS',
  calls: 'TOKEN_BUDGET_CALLS',
  minutes: 'TOKEN_BUDGET_MINUTES',
};

/** A ledger in memory cannot be reached from outside its process. */
function adviceFor({ limit, raisable }: Denied): string {
  const whileRunning = raisable === true ? '"token-budget raise" while it runs, or with ' : '';
  return `Raise the limit with ${whileRunning}${VARIABLES[limit]} and start again.`;
}

function messageOf(denied: Denied): string {
  const { budget, limit, balances, requested } = denied;
  const limits = limitsOf(denied);
  const head = `Token budget "${budget.name}" cannot pay for this call, so it was not sent: `;
  const advice = adviceFor(denied);
  if (limit === 'minutes') return `${head}its ${limits.minutes} minutes are over. ${advice}`;
  const show = (amounts: Amounts): string => {
    if (limit === 'costUsd') return formatUsd(amounts.costNanoUsd);
    return limit === 'tokens' ? `${amounts.tokens} tokens` : `${amounts.calls} calls`;
  };
  const value = limits[limit] ?? 0;
  const of = limit === 'costUsd' ? formatUsd(usdToNano(value)) : `${value} ${limit}`;
  const needs = limit === 'calls' ? '' : `; the call needs at least ${show(requested)}`;
  const open = balances.open > 0 ? `, ${show(balances.reserved)} reserved by open calls` : '';
  return `${head}${show(balances.settled)} of ${of} spent${open}${needs}. ${advice}`;
}

/**
 * The reason of an aborted budget signal: a limit is reached, and the next call will be denied.
 *
 * @example
 * tracker.signal.addEventListener('abort', () => {
 *   if (tracker.signal.reason instanceof BudgetExhaustedError) queue.pause();
 * });
 */
export class BudgetExhaustedError extends Error {
  readonly code = 'token_budget_exhausted';
  /** The name of the budget. */
  readonly budget: string;

  constructor(budget: string) {
    super(`Token budget "${budget}" is exhausted.`);
    this.name = 'BudgetExhaustedError';
    this.budget = budget;
  }
}

shareClass(BudgetExhaustedError, 'BudgetExhaustedError');

/**
 * The store could not be reached, or could not write. The call that threw this changed nothing.
 *
 * @example
 * try {
 *   for (const account of await ledger.accounts()) console.log(account.budget);
 * } catch (error) {
 *   if (error instanceof StoreError) console.error(`ledger: ${error.message}`);
 *   else throw error;
 * }
 */
export class StoreError extends Error {
  readonly code: 'token_budget_store' | 'token_budget_store_setup' | 'token_budget_ledger_lost' =
    'token_budget_store';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
  }
}

shareClass(StoreError, 'StoreError');

/**
 * The store cannot be used until its set-up is corrected: there is no such directory, the file is not a database,
 * the host name does not exist, the password is wrong. Calls are denied whatever the failure policy is, until the
 * store has answered once. Under the preload the process ends with exit code 78 instead.
 *
 * @example
 * try {
 *   await client.responses.create({ model: 'gpt-5.2', input: 'Hello' });
 * } catch (error) {
 *   if (error instanceof StoreSetupError) console.error(`expected ${error.expected}: ${error.message}`);
 *   else throw error;
 * }
 */
export class StoreSetupError extends StoreError {
  override readonly code = 'token_budget_store_setup';
  readonly status = 402;
  /** A noun phrase that completes "expected …", such as "a file in an existing directory". */
  readonly expected: string;

  constructor(message: string, expected: string, cause?: unknown) {
    super(message, cause);
    this.name = 'StoreSetupError';
    this.expected = expected;
  }
}

/**
 * The ledger has lost what was spent, or a part of it: a Redis was flushed or restored from an older copy, an
 * SQLite file was deleted or replaced. Calls of strict budgets are denied, whatever the failure policy is, until
 * what is known was written back, or an operator ran `token-budget confirm`.
 *
 * @example
 * try {
 *   await client.responses.create({ model: 'gpt-5.2', input: 'Hello' });
 * } catch (error) {
 *   if (error instanceof LedgerLostError) await pager.alert(error.message);
 *   else throw error;
 * }
 */
export class LedgerLostError extends StoreError {
  override readonly code = 'token_budget_ledger_lost';
  readonly status = 402;
  /** The name of the budget; empty if it is about the whole ledger. */
  readonly budget: string;

  constructor(budget: string, message: string) {
    super(message);
    this.name = 'LedgerLostError';
    this.budget = budget;
  }
}

shareClass(LedgerLostError, 'LedgerLostError');

/**
 * The store is unavailable and the failure policy is `closed`: the call was not sent.
 *
 * @example
 * try {
 *   await client.responses.create({ model: 'gpt-5.2', input: 'Hello' });
 * } catch (error) {
 *   if (error instanceof StoreUnavailableError) await queue.retryLater();
 *   else throw error;
 * }
 */
export class StoreUnavailableError extends Error {
  readonly code = 'token_budget_store_unavailable';
  readonly status = 402;
  /** The name of the budget. */
  readonly budget: string;

  constructor(budget: string, cause: unknown) {
    super(
      `The ledger of token budget "${budget}" is unavailable, so the call was not sent. Make its store available, ` +
        'or set "failurePolicy" to "open" to send calls without it.',
      { cause },
    );
    this.name = 'StoreUnavailableError';
    this.budget = budget;
  }
}

shareClass(StoreUnavailableError, 'StoreUnavailableError');

/**
 * The cost of a request is not counted, or has no bound, and `unmeteredEndpoints` is `refuse`: it was not sent.
 *
 * @example
 * try {
 *   await client.fineTuning.jobs.create(job);
 * } catch (error) {
 *   if (error instanceof UnmeteredEndpointError) console.error(`not allowed: ${error.endpoint}`);
 *   else throw error;
 * }
 */
export class UnmeteredEndpointError extends Error {
  readonly code = 'token_budget_unmetered';
  readonly status = 402;
  /** The name of the budget. */
  readonly budget: string;
  /** The method and the path without ids: `POST /vector_stores/{id}/files`. */
  readonly endpoint: string;

  constructor(budget: string, endpoint: string, reason: 'endpoint' | 'unbounded') {
    const why = reason === 'endpoint' ? 'is not counted' : 'has no bound before it is sent';
    super(
      `The cost of ${endpoint} ${why}, so token budget "${budget}" denied it. ` +
        'Set "unmeteredEndpoints" to "warn" to allow such requests.',
    );
    this.name = 'UnmeteredEndpointError';
    this.budget = budget;
    this.endpoint = endpoint;
  }
}

shareClass(UnmeteredEndpointError, 'UnmeteredEndpointError');

/**
 * A budget that has to be enforced was made current, and no client of the process is metered.
 * @example
 * try {
 *   await withBudget(tracker, () => agent.run());
 * } catch (error) {
 *   if (error instanceof NotEnforcedError) console.error(error.message);
 * }
 */
export class NotEnforcedError extends Error {
  readonly code = 'token_budget_not_enforced';
  /** The name of the budget. */
  readonly budget: string;

  /** @param what what made the budget current */
  constructor(budget: string, what: string) {
    super(
      `${what}: no client of a model is metered in this process, so "${budget}" would count and refuse nothing, and ` +
        'requireEnforcement is set. Start the process with --import otel-token-budget/register, or call startBudget ' +
        'before the client is loaded.',
    );
    this.name = 'NotEnforcedError';
    this.budget = budget;
  }
}

shareClass(NotEnforcedError, 'NotEnforcedError');
