import type { BudgetDefinition, Grant } from '../../budget/index.ts';
import { usdToNano } from '../../pricing/index.ts';
import { UsageError } from '../exit.ts';
import { openSharedLedger, type StoreOptions } from '../store-option.ts';
import { duration, escapeControl, formatLimit, formatLimitAmount, formatNano } from '../style.ts';
import { type BudgetView, readBudgetDefinition, readBudgetViews } from './budget-view.ts';

export interface ResetOptions extends StoreOptions {
  readonly json?: boolean;
}

/** By how much to raise, as given on the command line. */
export interface RaiseOptions extends ResetOptions {
  readonly usd?: string;
  readonly tokens?: string;
  readonly calls?: string;
  readonly minutes?: string;
}

/**
 * Raises the limits of a budget and prints how it stands.
 * @throws UsageError where an amount is no number above zero, none is given, or the budget has no such limit
 */
export async function raiseBudget(name: string, options: RaiseOptions): Promise<void> {
  const grant = grantOf(options);
  const { ledger } = openSharedLedger(options);
  try {
    const budget = await readBudgetDefinition(ledger, name);
    checkLimitsAreSet(budget, options);
    await ledger.raise(budget, grant);
    const view = (await readBudgetViews(ledger)).find((one) => one.name === name);
    if (view !== undefined)
      printBudget(view, options, `"${escapeControl(name)}" is raised${untilText(view)}:`);
  } finally {
    await ledger.close();
  }
}

/** Begins the present window of a budget anew, and prints what was forgotten. */
export async function resetBudget(name: string, options: ResetOptions): Promise<void> {
  const { ledger } = openSharedLedger(options);
  try {
    const budget = await readBudgetDefinition(ledger, name);
    const { settled } = await ledger.reset(budget);
    const view = (await readBudgetViews(ledger)).find((one) => one.name === name);
    const spent = `${formatNano(settled.costNanoUsd)}, ${settled.tokens} tokens and ${settled.calls} calls`;
    if (view !== undefined)
      printBudget(view, options, `"${escapeControl(name)}" begins anew; until now it was charged ${spent}:`);
  } finally {
    await ledger.close();
  }
}

function printBudget(view: BudgetView, { json = false }: ResetOptions, head: string): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(view, null, 2)}\n`);
    return;
  }
  const lines = view.limits.map(({ limit, value, granted, left }) => {
    const by = granted === undefined ? '' : ` (${formatLimitAmount(limit, granted, value)} of it granted)`;
    return `  ${formatLimit(limit, value)}${by}, ${formatLimitAmount(limit, left, value)} left`;
  });
  const open = view.open === 0 ? [] : [`  ${view.open} open calls are charged when they settle`];
  process.stdout.write(`${[head, ...lines, ...open].join('\n')}\n`);
}

function untilText({ endsAt }: BudgetView): string {
  return endsAt === undefined
    ? ''
    : ` for its present window, which ends in ${duration(endsAt - Date.now())}`;
}

const AMOUNTS = ['usd', 'tokens', 'calls', 'minutes'] as const;
const LIMIT_OF_OPTION = { usd: 'costUsd', tokens: 'tokens', calls: 'calls', minutes: 'minutes' } as const;

function grantOf(options: RaiseOptions): Grant {
  if (AMOUNTS.every((name) => options[name] === undefined)) {
    throw new UsageError(
      'nothing to raise by is given; taken is at least one of --usd, --tokens, --calls, --minutes.',
    );
  }
  const of = (name: (typeof AMOUNTS)[number], whole: boolean): number => {
    const text = options[name];
    if (text === undefined) return 0;
    const value = Number(text);
    const taken = /^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 9_007_199 * (whole ? 1e9 : 1);
    if (taken && (!whole || Number.isInteger(value))) return value;
    throw new UsageError(
      `--${name}: given "${text}"; taken is a ${whole ? 'whole ' : ''}number above 0 to raise by.`,
    );
  };
  return {
    costNanoUsd: usdToNano(of('usd', false)),
    tokens: of('tokens', true),
    calls: of('calls', true),
    milliseconds: Math.round(of('minutes', false) * 60_000),
  };
}

/** A limit that is not set cannot be raised: it would look done, and change nothing. */
function checkLimitsAreSet({ name, limits }: BudgetDefinition, options: RaiseOptions): void {
  for (const option of AMOUNTS) {
    if (options[option] === undefined || limits[LIMIT_OF_OPTION[option]] !== undefined) continue;
    const set = AMOUNTS.filter((one) => limits[LIMIT_OF_OPTION[one]] !== undefined);
    throw new UsageError(
      `--${option}: the budget "${name}" has no such limit; it has ${set.length === 0 ? 'none' : set.join(', ')}.`,
    );
  }
}
