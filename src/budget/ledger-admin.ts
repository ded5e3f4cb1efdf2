import type { MaybePromise } from '../util/index.ts';
import type { BudgetDefinition } from './definition.ts';
import { type Amounts, type Grant, isNoGrant } from './limits.ts';
import type { Balances } from './store.ts';

/** What a ledger knows of a budget: the definition that a process used it with last. */
export type StoredDefinition = Pick<BudgetDefinition, 'limits' | 'mode' | 'window'> & {
  /** The name of the budget above it. */
  readonly parent?: string;
};

/** The balances of one budget in one window, as a ledger has them. */
export interface LedgerAccount {
  readonly budget: string;
  /** When its window began and ends, milliseconds since the epoch; absent of a budget without a window. */
  readonly window?: { readonly start: number; readonly end: number };
  /** Absent if the ledger's text of it cannot be read. */
  readonly definition?: StoredDefinition;
  readonly balances: Balances;
}

/** What a budget was charged within one minute. */
export interface Spending {
  /** When the minute began, milliseconds since the epoch. */
  readonly minute: number;
  readonly used: Amounts;
}

/** How long spending is kept by the minute, milliseconds: two days. */
export const SPENDING_KEPT_MS = 2 * 86_400_000;

export const MINUTE_MS = 60_000;

/**
 * What an operator does with a ledger, beside the processes that use it. Every call is atomic with theirs, and holds in all of
 * them from the next admission on.
 *
 * A budget is addressed as it is by a {@link Store}: its name and its window choose the account.
 *
 * @throws StoreError where the store cannot be reached or cannot write. A raise that throws one may have been made all the
 * same: look at the account before it is repeated.
 */
export interface LedgerAdmin {
  /** Every account of the ledger, those of windows that are over as well, while they are kept. In no order. */
  accounts(): MaybePromise<readonly LedgerAccount[]>;
  /** What a budget was charged, minute by minute of the last two days, oldest first. */
  spending(budget: string): MaybePromise<readonly Spending[]>;
  /**
   * Raises the limits of a budget, in its present window, by a grant that is kept in the ledger: what is settled and reserved may be
   * as much as limit and grants together. A limit that is not set stays so.
   * @returns the balances after it
   * @throws RangeError where the grant is not of whole numbers, or is nothing
   */
  raise(budget: BudgetDefinition, grant: Grant): MaybePromise<Balances>;
  /**
   * Begins the present window of a budget anew: nothing is settled, and its time starts now. Open reservations stay, and are
   * charged when they settle; grants are taken back, but for what these reservations hold of them.
   * @returns the balances before it
   */
  reset(budget: BudgetDefinition): MaybePromise<Balances>;
}

/**
 * What stays granted through a reset: no more than is reserved, so that what open calls hold is within limit and grant
 * whatever the limit is.
 */
export function grantAfterReset({ granted, reserved }: Balances): Grant | undefined {
  if (granted === undefined) return undefined;
  const kept = (amount: keyof Amounts): number => Math.min(granted[amount], reserved[amount]);
  const grant = {
    costNanoUsd: kept('costNanoUsd'),
    tokens: kept('tokens'),
    calls: kept('calls'),
    milliseconds: 0,
  };
  return isNoGrant(grant) ? undefined : grant;
}

/** The definition as text, for a ledger to keep. Short: it goes along with every reservation. */
export function serializeDefinition(budget: BudgetDefinition): string {
  let text = texts.get(budget);
  if (text === undefined) {
    const { limits, mode, window, parent } = budget;
    text = JSON.stringify({ limits, mode, window, parent: parent?.name });
    texts.set(budget, text);
  }
  return text;
}

const texts = new WeakMap<BudgetDefinition, string>();

/** The definition that {@link serializeDefinition} wrote; undefined where it is no such text. */
export function parseDefinition(text: string): StoredDefinition | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'limits' in value && 'mode' in value
      ? (value as StoredDefinition)
      : undefined;
  } catch {
    return undefined;
  }
}
