import { printJson, printStyled, printText } from '../output.ts';
import { openSharedLedger, redactPassword, type StoreOptions } from '../store-option.ts';
import { formatBudgets } from './budget-table.ts';
import { budgetViewJson, readBudgetViews, unknownBudgetError } from './budget-view.ts';

/** The options of `status`, as given. */
export interface StatusOptions extends StoreOptions {
  readonly json?: boolean;
}

/**
 * Prints the state of the named budgets of a ledger, or of all.
 * @throws UsageError if the ledger does not have a named budget
 */
export async function showStatus(names: readonly string[], options: StatusOptions): Promise<void> {
  const { ledger, store } = openSharedLedger(options);
  try {
    const now = Date.now();
    const views = await readBudgetViews(ledger, now);
    const known = views.map(({ name }) => name);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) throw unknownBudgetError(unknown, known);
    const selected = names.length === 0 ? views : views.filter(({ name }) => names.includes(name));
    if (options.json === true) {
      printJson(selected.map(budgetViewJson));
    } else if (selected.length === 0) {
      printText(`No budgets in ${redactPassword(store)} yet.`);
    } else {
      printStyled(formatBudgets(selected, { now }).join('\n'));
    }
  } finally {
    await ledger.close();
  }
}
