import {
  type Balances,
  type BudgetDefinition,
  defineBudget,
  type LedgerAccount,
  type LedgerAdmin,
  LIMIT_OF,
  type LimitName,
  limitAmounts,
  limitMilliseconds,
  type Mode,
  MS_PER_MINUTE,
  NOTHING,
  raisedLimits,
  type StoredDefinition,
  type Window,
  windowOf,
} from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { suggestClosest } from '../../util/index.ts';
import { UsageError } from '../exit.ts';

/** The state of a budget in a ledger. */
export interface BudgetView {
  readonly name: string;
  /** Undefined if the ledger does not know the definition. */
  readonly mode?: Mode;
  readonly window?: Window;
  readonly parent?: string;
  /** When its minutes began to count, milliseconds since the epoch. */
  readonly startedAt: number;
  /** When its window ends, milliseconds since the epoch; undefined without a window. */
  readonly endsAt?: number;
  /** The limits that are set. */
  readonly limits: readonly LimitView[];
  readonly settled: { readonly costUsd: number; readonly tokens: number; readonly calls: number };
  /** Calls whose cost is still reserved. */
  readonly open: number;
  /** The largest share of a limit that is settled; 0 without limits. */
  readonly usedShare: number;
}

/** One limit and its balances, in its unit: USD, tokens, calls or minutes. */
export interface LimitView {
  readonly limit: LimitName;
  /** Includes what was granted. */
  readonly value: number;
  /** By how much the limit was raised; undefined if it was not. */
  readonly granted?: number;
  readonly settled: number;
  readonly reserved: number;
  readonly left: number;
}

/**
 * Reads the budgets of a ledger in their current windows, ordered by name.
 * @param now milliseconds since the epoch
 */
export async function readBudgetViews(ledger: LedgerAdmin, now: number = Date.now()): Promise<BudgetView[]> {
  return currentAccounts(await ledger.accounts(), now).map((account) => toBudgetView(account, now));
}

/**
 * Reads the definition of a budget from a ledger.
 * @throws UsageError if the ledger has no such budget, or does not know its definition
 */
export async function readBudgetDefinition(ledger: LedgerAdmin, name: string): Promise<BudgetDefinition> {
  const accounts = currentAccounts(await ledger.accounts(), Date.now());
  const found = accounts.find(({ budget }) => budget === name);
  if (found === undefined) {
    throw unknownBudgetError(
      name,
      accounts.map(({ budget }) => budget),
    );
  }
  if (found.definition === undefined) {
    throw new UsageError(`The ledger does not know the limits of "${name}" yet: make a call with it first.`);
  }
  return restoreDefinition(name, found.definition);
}

/**
 * Returns the error for a budget that a ledger does not have.
 * @param known the names of the budgets that it has
 */
export function unknownBudgetError(name: string, known: readonly string[]): UsageError {
  const list =
    known.length === 0
      ? 'It has no budgets yet.'
      : `Known budgets: ${known.map((one) => `"${one}"`).join(', ')}.`;
  return new UsageError(`This ledger has no budget "${name}"${suggestClosest(name, known)}. ${list}`);
}

/** Converts a view for JSON output: times become ISO 8601. */
export function budgetViewJson(view: BudgetView): object {
  const { startedAt, endsAt } = view;
  return {
    ...view,
    startedAt: new Date(startedAt).toISOString(),
    ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() }),
  };
}

function restoreDefinition(
  name: string,
  { limits, mode, window, parent }: StoredDefinition,
): BudgetDefinition {
  return defineBudget({
    name,
    limits,
    mode,
    ...(window === undefined ? {} : { window }),
    ...(parent === undefined ? {} : { parent: defineBudget({ name: parent, limits: {} }) }),
  });
}

/** Returns each budget's account of the current window; an empty one if nothing happened in it yet. */
function currentAccounts(accounts: readonly LedgerAccount[], now: number): LedgerAccount[] {
  const latest = new Map<string, LedgerAccount>();
  for (const account of accounts) {
    const known = latest.get(account.budget);
    if (known === undefined || known.balances.startedAt < account.balances.startedAt) {
      latest.set(account.budget, account);
    }
  }
  return [...latest.values()].map((account) => currentAccount(account, now)).sort(byName);
}

function currentAccount(account: LedgerAccount, now: number): LedgerAccount {
  const { window, definition } = account;
  if (window === undefined || now < window.end || definition === undefined) return account;
  const span = windowOf(definition.window, now);
  const balances = { settled: NOTHING, reserved: NOTHING, open: 0, startedAt: span.start };
  return { ...account, window: span, balances };
}

function byName(a: LedgerAccount, b: LedgerAccount): number {
  return a.budget < b.budget ? -1 : 1;
}

/**
 * Converts an account of a ledger to a view.
 * @param now milliseconds since the epoch
 */
export function toBudgetView(
  { budget, window, definition, balances }: LedgerAccount,
  now: number,
): BudgetView {
  const { settled, open, startedAt } = balances;
  const limits = definition === undefined ? [] : toLimitViews(definition, balances, now);
  return {
    name: budget,
    ...(definition === undefined ? {} : { mode: definition.mode }),
    ...(definition?.window === undefined ? {} : { window: definition.window }),
    ...(definition?.parent === undefined ? {} : { parent: definition.parent }),
    startedAt,
    ...(window === undefined ? {} : { endsAt: window.end }),
    limits,
    settled: { costUsd: nanoToUsd(settled.costNanoUsd), tokens: settled.tokens, calls: settled.calls },
    open,
    usedShare: Math.max(0, ...limits.map(usedShareOf)),
  };
}

/** Returns the settled share of a limit, 0 to 1; more after an overrun. A limit of 0 is fully used. */
export function usedShareOf({ value, settled }: LimitView): number {
  return value === 0 ? 1 : settled / value;
}

function toLimitViews({ limits }: StoredDefinition, balances: Balances, now: number): LimitView[] {
  const { granted, settled, reserved, startedAt } = balances;
  const most = limitAmounts(limits, granted);
  const raised = raisedLimits(limits, granted);
  const views: LimitView[] = [];
  for (const [key, limit] of LIMIT_OF) {
    const value = raised[limit];
    if (value === undefined) continue;
    const inUnit = (amount: number): number => (key === 'costNanoUsd' ? nanoToUsd(amount) : amount);
    views.push({
      limit,
      value,
      ...grantedPart(inUnit(granted?.[key] ?? 0)),
      settled: inUnit(settled[key]),
      reserved: inUnit(reserved[key]),
      left: inUnit(Math.max(0, most[key] - settled[key] - reserved[key])),
    });
  }
  if (limits.minutes !== undefined) {
    const value = limitMilliseconds(limits, granted) / MS_PER_MINUTE;
    const elapsed = Math.min(value, Math.max(0, now - startedAt) / MS_PER_MINUTE);
    views.push({
      limit: 'minutes',
      value,
      ...grantedPart((granted?.milliseconds ?? 0) / MS_PER_MINUTE),
      settled: elapsed,
      reserved: 0,
      left: value - elapsed,
    });
  }
  return views;
}

function grantedPart(granted: number): { granted?: number } {
  return granted === 0 ? {} : { granted };
}
