import {
  type Balances,
  type BudgetDefinition,
  defineBudget,
  type LedgerAccount,
  type LedgerAdmin,
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
import { UsageError } from '../exit.ts';

/** A budget as it stands, by the ledger. */
export interface BudgetView {
  readonly name: string;
  /** Absent where the ledger does not know it. */
  readonly mode?: Mode;
  readonly window?: Window;
  readonly parent?: string;
  /** When its time began, milliseconds since the epoch. */
  readonly startedAt: number;
  /** When its window ends; absent without one. */
  readonly endsAt?: number;
  /** Each limit that is set. */
  readonly limits: readonly LimitView[];
  readonly settled: { readonly costUsd: number; readonly tokens: number; readonly calls: number };
  /** Open calls. */
  readonly open: number;
  /** The largest share of a limit that is settled; 0 without limits. */
  readonly usedShare: number;
}

/** One limit, in its unit: USD, tokens, calls or minutes. */
export interface LimitView {
  readonly limit: LimitName;
  /** With what was granted. */
  readonly value: number;
  /** Absent where nothing was. */
  readonly granted?: number;
  readonly settled: number;
  readonly reserved: number;
  readonly left: number;
}

/** The budgets of a ledger in their present windows, by name. */
export async function readBudgetViews(ledger: LedgerAdmin, now: number = Date.now()): Promise<BudgetView[]> {
  return currentAccounts(await ledger.accounts(), now).map((account) => toBudgetView(account, now));
}

/**
 * The definition by which a ledger finds a budget's account.
 * @throws UsageError where there is no such budget, or its definition is not known
 */
export async function readBudgetDefinition(ledger: LedgerAdmin, name: string): Promise<BudgetDefinition> {
  const accounts = currentAccounts(await ledger.accounts(), Date.now());
  const found = accounts.find(({ budget }) => budget === name);
  if (found === undefined) {
    const names = accounts.map(({ budget }) => `"${budget}"`).join(', ');
    throw new UsageError(
      `there is no budget "${name}" in this ledger; ${names === '' ? 'it has none yet' : `taken are ${names}`}.`,
    );
  }
  if (found.definition === undefined) {
    throw new UsageError(`the ledger does not know the limits of "${name}" yet: make a call with it first.`);
  }
  return restoreDefinition(name, found.definition);
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

/** Of each budget the account of the present window; where nothing happened in it yet, one of nothing. */
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

/** The share of a limit that is settled; 1 is all of it. */
export function usedShareOf({ value, settled }: LimitView): number {
  return value === 0 ? 1 : settled / value;
}

function toLimitViews({ limits }: StoredDefinition, balances: Balances, now: number): LimitView[] {
  const { granted, settled, reserved, startedAt } = balances;
  const most = limitAmounts(limits, granted);
  const raised = raisedLimits(limits, granted);
  const usd = ['costNanoUsd', 'costUsd', nanoToUsd] as const satisfies readonly unknown[];
  const same = (value: number): number => value;
  const views: LimitView[] = [];
  for (const [key, limit, unit] of [usd, ['tokens', 'tokens', same], ['calls', 'calls', same]] as const) {
    const value = raised[limit];
    if (value === undefined) continue;
    views.push({
      limit,
      value,
      ...grantedPart(unit(granted?.[key] ?? 0)),
      settled: unit(settled[key]),
      reserved: unit(reserved[key]),
      left: unit(Math.max(0, most[key] - settled[key] - reserved[key])),
    });
  }
  if (limits.minutes !== undefined) {
    const value = limitMilliseconds(limits, granted) / MS_PER_MINUTE;
    const spent = Math.min(value, Math.max(0, now - startedAt) / MS_PER_MINUTE);
    const by = (granted?.milliseconds ?? 0) / MS_PER_MINUTE;
    views.push({
      limit: 'minutes',
      value,
      ...grantedPart(by),
      settled: spent,
      reserved: 0,
      left: value - spent,
    });
  }
  return views;
}

function grantedPart(granted: number): { granted?: number } {
  return granted === 0 ? {} : { granted };
}
