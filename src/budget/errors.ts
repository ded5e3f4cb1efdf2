import { formatUsd, nanoToUsd, usdToNano } from '../pricing/index.ts';
import { type Amounts, type LimitName, raisedLimits } from './limits.ts';
import type { Denied } from './store.ts';

/** An amount in the units that people read: tokens and USD. */
export interface SpentAmounts {
  readonly tokens: number;
  readonly costUsd: number;
  readonly calls: number;
}

/**
 * The budget cannot pay for the call, which was not sent. `status` is 402, which neither the openai SDK nor
 * the frameworks on top of it repeat.
 */
export class BudgetExceededError extends Error {
  readonly code = 'token_budget_exceeded';
  readonly status = 402;
  /** The name of the budget that said no. */
  readonly budget: string;
  /** The limit that said no, and its value, with what was granted: USD, tokens, calls or minutes. */
  readonly limit: { readonly name: LimitName; readonly value: number };
  /** What the budget was charged so far. */
  readonly settled: SpentAmounts;
  /** What open calls hold reserved. */
  readonly reserved: SpentAmounts;
  /** The least that this call would have had to reserve. */
  readonly requested: SpentAmounts;

  constructor(denied: Denied) {
    super(message(denied));
    this.name = 'BudgetExceededError';
    this.budget = denied.budget.name;
    this.limit = { name: denied.limit, value: limitsOf(denied)[denied.limit] ?? 0 };
    this.settled = spent(denied.balances.settled);
    this.reserved = spent(denied.balances.reserved);
    this.requested = spent(denied.requested);
  }
}

function limitsOf({ budget, balances }: Denied): Denied['budget']['limits'] {
  return raisedLimits(budget.limits, balances.granted);
}

function spent(amounts: Amounts): SpentAmounts {
  return { tokens: amounts.tokens, costUsd: nanoToUsd(amounts.costNanoUsd), calls: amounts.calls };
}

const SETTINGS = 'TOKEN_BUDGET_USD, _TOKENS, _CALLS, _MINUTES';

/** A ledger in memory cannot be reached from outside of its process. */
function adviceOf({ raisable }: Denied): string {
  const ways =
    raisable === true
      ? `raise the limit while it runs (token-budget raise), or set a higher one (${SETTINGS}) and start again`
      : `or raise the limit (${SETTINGS}) and start again`;
  return `Stop here with what is done, ${ways}.`;
}

function message(denied: Denied): string {
  const { budget, limit, balances, requested } = denied;
  const limits = limitsOf(denied);
  const head = `Token budget "${budget.name}" cannot pay for this call, so it was not sent: `;
  const advice = adviceOf(denied);
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

/** Why the signal of a budget was aborted: a limit is reached, and the next call will be denied. */
export class BudgetExhaustedError extends Error {
  readonly code = 'token_budget_exhausted';
  readonly budget: string;

  constructor(budget: string) {
    super(`Token budget "${budget}" is exhausted.`);
    this.name = 'BudgetExhaustedError';
    this.budget = budget;
  }
}

/** A store could not be reached, or could not write. Nothing was changed by the call that threw it. */
export class StoreError extends Error {
  readonly code = 'token_budget_store';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
  }
}

/** The store is not available and the failure policy is `closed`: the call was not sent. */
export class StoreUnavailableError extends Error {
  readonly code = 'token_budget_store_unavailable';
  readonly status = 402;
  readonly budget: string;

  constructor(budget: string, cause: unknown) {
    super(
      `The ledger of token budget "${budget}" is not available, so the call was not sent. Make its store available, or ` +
        'set "failurePolicy" to "open" to go on without it.',
      { cause },
    );
    this.name = 'StoreUnavailableError';
    this.budget = budget;
  }
}

/** What the call costs cannot be counted, or not be bounded, and `unmeteredEndpoints` is `refuse`: it was not sent. */
export class UnmeteredEndpointError extends Error {
  readonly code = 'token_budget_unmetered';
  readonly status = 402;
  readonly budget: string;
  /** The method and the path, ids left out: `POST /vector_stores/{id}/files`. */
  readonly endpoint: string;

  constructor(budget: string, endpoint: string, reason: 'endpoint' | 'unbounded') {
    const why = reason === 'endpoint' ? 'is not counted' : 'has no bound that is known before it is sent';
    super(
      `What ${endpoint} costs ${why}, so token budget "${budget}" did not let it be sent. ` +
        'Set "unmeteredEndpoints" to "warn" to let such requests pass.',
    );
    this.name = 'EndpointNotCountedError';
    this.budget = budget;
    this.endpoint = endpoint;
  }
}
