import { openLedger } from '../stores/index.ts';
import { errorMessage, formatQuantity } from '../util/index.ts';
import { type BudgetView, readBudgetViews } from './budgets/index.ts';
import { printError } from './output.ts';
import { formatCost, formatLimit, formatLimitAmount } from './style.ts';

/** How long the ledger may take to answer for the summary, milliseconds. */
const SUMMARY_TIMEOUT_MS = 2_000;

/**
 * Prints what each budget has spent, one line each on stderr, or that it is not known.
 * @param isNew returns whether the store has no ledger, and had none when the command was started
 */
export async function printSummary(store: string, isNew: () => boolean): Promise<void> {
  if (store === 'memory') {
    printError('what was spent is not known: with the store "memory", each process has a ledger of its own');
    return;
  }
  try {
    const views = isNew() ? [] : await readViews(store);
    for (const view of views) printError(summarize(view));
    if (views.length === 0) printError('no call was charged');
  } catch (error) {
    // The exit of the command matters more.
    printError(`what was spent is not known: the store is unavailable (${errorMessage(error)})`);
  }
}

async function readViews(store: string): Promise<readonly BudgetView[]> {
  const ledger = openLedger(store, SUMMARY_TIMEOUT_MS);
  try {
    return await readBudgetViews(ledger);
  } finally {
    await ledger.close();
  }
}

function summarize({ name, settled, limits, open }: BudgetView): string {
  const tokens = formatQuantity(settled.tokens, 'token');
  const calls = formatQuantity(settled.calls, 'call');
  const spent = `"${name}" has spent ${formatCost(settled.costUsd)}, ${tokens} in ${calls}`;
  const left = limits.map(
    ({ limit, value, left: rest }) => `${formatLimitAmount(limit, rest)} of ${formatLimit(limit, value)}`,
  );
  const stillOpen = open === 0 ? '' : `; ${formatQuantity(open, 'call')} still open`;
  return `${spent}${left.length === 0 ? '' : `; left ${left.join(', ')}`}${stillOpen}`;
}
