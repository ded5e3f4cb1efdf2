import type { BudgetDefinition, Grant, LimitName } from '../../budget/index.ts';
import { formatUsd, MAX_USD, usdToNano } from '../../pricing/index.ts';
import { escapeControl, formatDuration, formatQuantity, formatValue } from '../../util/index.ts';
import { UsageError } from '../exit.ts';
import { printJson, printText } from '../output.ts';
import { openSharedLedger, type StoreOptions } from '../store-option.ts';
import { formatLimit, formatLimitAmount } from '../style.ts';
import { type BudgetView, budgetViewJson, readBudgetDefinition, readBudgetViews } from './budget-view.ts';

/** The options of `reset`, as given. */
export interface ResetOptions extends StoreOptions {
  readonly json?: boolean;
}

/** The options of `raise`, as given: by how much to raise, and where the budget is. */
export interface RaiseOptions extends StoreOptions {
  readonly usd?: string;
  readonly tokens?: string;
  readonly calls?: string;
  readonly minutes?: string;
  readonly json?: boolean;
}

/**
 * Raises limits of a budget, and prints its new state.
 * @throws UsageError if no amount is given, one is not a positive number, or the budget has no such limit
 */
export async function raiseBudget(name: string, options: RaiseOptions): Promise<void> {
  const grant = parseGrant(options);
  const { ledger } = openSharedLedger(options);
  try {
    const budget = await readBudgetDefinition(ledger, name);
    checkLimitsAreSet(budget, options);
    await ledger.raise(budget, grant);
    const view = (await readBudgetViews(ledger)).find((one) => one.name === name);
    if (view !== undefined) {
      printBudget(view, options, `Raised "${escapeControl(name)}"${formatCurrentWindow(view)}:`);
    }
  } finally {
    await ledger.close();
  }
}

/**
 * Resets a budget in its current window, and prints what it had spent.
 * @throws UsageError if the ledger has no such budget
 */
export async function resetBudget(name: string, options: ResetOptions): Promise<void> {
  const { ledger } = openSharedLedger(options);
  try {
    const budget = await readBudgetDefinition(ledger, name);
    const { settled } = await ledger.reset(budget);
    const view = (await readBudgetViews(ledger)).find((one) => one.name === name);
    const tokens = formatQuantity(settled.tokens, 'token');
    const calls = formatQuantity(settled.calls, 'call');
    const spent = `${formatUsd(settled.costNanoUsd)}, ${tokens} and ${calls}`;
    if (view !== undefined) {
      printBudget(view, options, `Reset "${escapeControl(name)}", which had spent ${spent}:`);
    }
  } finally {
    await ledger.close();
  }
}

function printBudget(view: BudgetView, { json = false }: ResetOptions, head: string): void {
  if (json) {
    printJson(budgetViewJson(view));
    return;
  }
  const limits = view.limits.map(({ limit, value, granted, left }) => {
    const raised = granted === undefined ? '' : ` (raised by ${formatLimitAmount(limit, granted)})`;
    return `  ${formatLimit(limit, value)}${raised}, ${formatLimitAmount(limit, left)} left`;
  });
  const open =
    view.open === 0 ? [] : [`  ${formatQuantity(view.open, 'open call')} will be charged on settlement`];
  printText([head, ...limits, ...open].join('\n'));
}

function formatCurrentWindow({ endsAt }: BudgetView): string {
  return endsAt === undefined
    ? ''
    : ` for its current window, which ends in ${formatDuration(Math.max(0, endsAt - Date.now()))}`;
}

/** The largest amount to raise by: what nano-USD can count, and enough minutes for 17 years. */
const MAX_AMOUNT = MAX_USD;

const RAISE_OPTIONS = ['usd', 'tokens', 'calls', 'minutes'] as const;
type RaiseOption = (typeof RAISE_OPTIONS)[number];

const LIMIT_OF_OPTION = {
  usd: 'costUsd',
  tokens: 'tokens',
  calls: 'calls',
  minutes: 'minutes',
} as const satisfies Record<RaiseOption, LimitName>;

function parseGrant(options: RaiseOptions): Grant {
  if (RAISE_OPTIONS.every((option) => options[option] === undefined)) {
    throw new UsageError('Say by how much: pass --usd, --tokens, --calls or --minutes.');
  }
  return {
    costNanoUsd: usdToNano(parseAmount(options, 'usd')),
    tokens: parseWholeAmount(options, 'tokens'),
    calls: parseWholeAmount(options, 'calls'),
    milliseconds: Math.round(parseAmount(options, 'minutes') * 60_000),
  };
}

function parseAmount(options: RaiseOptions, option: RaiseOption): number {
  const text = options[option];
  if (text === undefined) return 0;
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= MAX_AMOUNT) return value;
  throw new UsageError(`--${option}: got ${formatValue(text)}, expected a number above 0, such as 2.5.`);
}

function parseWholeAmount(options: RaiseOptions, option: RaiseOption): number {
  const text = options[option];
  if (text === undefined) return 0;
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && Number.isSafeInteger(value)) return value;
  throw new UsageError(
    `--${option}: got ${formatValue(text)}, expected a whole number above 0, such as 1000.`,
  );
}

/** Refuses to raise a limit that is not set: it would change nothing. */
function checkLimitsAreSet({ name, limits }: BudgetDefinition, options: RaiseOptions): void {
  const isSet = (option: RaiseOption): boolean => limits[LIMIT_OF_OPTION[option]] !== undefined;
  const wrong = RAISE_OPTIONS.find((option) => options[option] !== undefined && !isSet(option));
  if (wrong === undefined) return;
  const set = RAISE_OPTIONS.filter(isSet);
  throw new UsageError(
    `--${wrong}: the budget "${name}" has no such limit. Its limits: ${set.length === 0 ? 'none' : set.join(', ')}.`,
  );
}
