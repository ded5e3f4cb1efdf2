import { isRecord, type MaybePromise, parseJson } from '../util/index.ts';
import type { BudgetDefinition } from './definition.ts';
import { type Amounts, type Grant, isNoGrant } from './limits.ts';
import type { Balances } from './store.ts';

/** The definition of a budget in a ledger: as a process used it last. */
export type StoredDefinition = Pick<BudgetDefinition, 'limits' | 'mode' | 'window'> & {
  /** The name of the parent budget. */
  readonly parent?: string;
};

/** The balances of one budget in one window, as a ledger stores them. */
export interface LedgerAccount {
  readonly budget: string;
  /** The start and end of the window, milliseconds since the epoch; absent for a budget without a window. */
  readonly window?: { readonly start: number; readonly end: number };
  /** Absent if its text in the ledger cannot be parsed. */
  readonly definition?: StoredDefinition;
  readonly balances: Balances;
}

/** The amounts charged to a budget within one minute. */
export interface Spending {
  /** The start of the minute, milliseconds since the epoch. */
  readonly minute: number;
  readonly used: Amounts;
}

/** How long spending is kept minute by minute, milliseconds: two days. */
export const SPENDING_KEPT_MS = 2 * 86_400_000;

/** The length of the minute of a {@link Spending}, milliseconds. */
export const MINUTE_MS = 60_000;

/**
 * Inspects and changes a ledger beside the processes that use it. Every method is atomic, and takes effect in
 * all processes from their next admission on.
 *
 * A budget is identified as in a {@link Store}: its name and its window select the account.
 *
 * @throws StoreError if the store cannot be reached or cannot write. A raise that throws may have taken
 * effect all the same: check the account before you repeat it.
 */
export interface LedgerAdmin {
  /**
   * Returns every account of the ledger, in no particular order, including past windows that are still kept.
   */
  accounts(): MaybePromise<readonly LedgerAccount[]>;
  /** Returns the amounts charged to a budget in the last two days, minute by minute, oldest first. */
  spending(budget: string): MaybePromise<readonly Spending[]>;
  /**
   * Raises the limits of a budget, in its current window, by a grant that is kept in the ledger: settled and
   * reserved amounts may add up to the limit plus its grants. A limit that is not set stays so.
   * @returns the balances after the raise
   * @throws RangeError if the grant is not of whole numbers, or is nothing
   */
  raise(budget: BudgetDefinition, grant: Grant): MaybePromise<Balances>;
  /**
   * Restarts the current window of a budget: nothing is settled, and its time starts now. Open reservations
   * stay, and are charged when they settle; grants are removed, except for the part that these reservations
   * use.
   * @returns the balances before the reset
   */
  reset(budget: BudgetDefinition): MaybePromise<Balances>;
  /**
   * Accepts the ledger as it is after it has lost data: strict budgets are admitted again at once.
   * @returns whether calls were denied for that reason
   */
  confirm(): MaybePromise<boolean>;
}

/**
 * Returns the grant that remains after a reset: no more than is reserved, so that open calls stay within
 * limit and grant, whatever the limit is.
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

/** Returns a definition as text for a ledger. Short, because it is sent with every reservation. */
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

/** Parses a text of {@link serializeDefinition}; returns undefined for any other text. */
export function parseDefinition(text: string): StoredDefinition | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || !('limits' in value && 'mode' in value)) return undefined;
  return value as unknown as StoredDefinition;
}
