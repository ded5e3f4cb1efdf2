import { UsageError } from '../exit.ts';
import { openSharedLedger, redactPassword, type StoreOptions } from '../store-option.ts';
import { formatBudgets } from './budget-table.ts';
import { readBudgetViews } from './budget-view.ts';

export interface StatusOptions extends StoreOptions {
  readonly json?: boolean;
}

/**
 * Prints the budgets of a ledger as they stand, or those that are named.
 * @throws UsageError where one that is named is not there
 */
export async function showStatus(names: readonly string[], options: StatusOptions): Promise<void> {
  const { ledger, store } = openSharedLedger(options);
  try {
    const now = Date.now();
    const views = await readBudgetViews(ledger, now);
    const missing = names.find((name) => !views.some((view) => view.name === name));
    if (missing !== undefined) {
      const known = views.map(({ name }) => `"${name}"`).join(', ') || 'none yet';
      throw new UsageError(`there is no budget "${missing}" in this ledger; taken are: ${known}.`);
    }
    const shown = names.length === 0 ? views : views.filter(({ name }) => names.includes(name));
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
      return;
    }
    if (shown.length === 0) process.stdout.write(`No budget was used yet in ${redactPassword(store)}.\n`);
    else process.stdout.write(`${formatBudgets(shown, now).join('\n')}\n`);
  } finally {
    await ledger.close();
  }
}
