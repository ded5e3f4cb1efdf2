import { openLedger } from '../stores/index.ts';
import { errorMessage, formatQuantity } from '../util/index.ts';
import { type BudgetView, readBudgetViews } from './budgets/index.ts';
import { printError } from './output.ts';
import { formatCost, formatLimit, formatLimitAmount } from './style.ts';

/** How long the ledger may take to answer for the summary, milliseconds. */
const SUMMARY_TIMEOUT_MS = 2_000;

const NOTHING_SEEN = 'no copy of openai was seen in this command: nothing was counted';

/** What is known of the command when it has ended. */
export interface CommandTraces {
  /** Whether the store had a ledger when the command was started. */
  readonly hadLedger: boolean;
  /** Returns whether it has one now. */
  readonly hasLedger: () => boolean;
  /** Whether a process of the command had a copy of openai, or another client that is metered. */
  readonly isClientSeen: boolean;
}

/**
 * Prints what each budget has spent, one line each on stderr, that nothing was counted, or that it is not known. What
 * earlier commands have spent from a shared ledger is printed too.
 */
export async function printSummary(store: string, traces: CommandTraces): Promise<void> {
  const { hadLedger, hasLedger, isClientSeen } = traces;
  if (store === 'memory') {
    if (isClientSeen)
      printError(
        'what was spent is not known: with the store "memory", each process has a ledger of its own',
      );
    else printError(NOTHING_SEEN);
    return;
  }
  try {
    const views = hadLedger || hasLedger() ? await readViews(store) : [];
    const spent = views.filter(hasSpent);
    // A process that may not write files cannot say what it has seen.
    if (isClientSeen || (!hadLedger && spent.length > 0)) {
      for (const view of views) printError(summarize(view));
      if (views.length === 0) printError('no call was charged');
      return;
    }
    printError(NOTHING_SEEN);
    for (const view of spent) printError(summarize(view));
  } catch (error) {
    if (!isClientSeen) printError(NOTHING_SEEN);
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

function hasSpent({ settled, open }: BudgetView): boolean {
  return settled.tokens > 0 || settled.calls > 0 || open > 0;
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
