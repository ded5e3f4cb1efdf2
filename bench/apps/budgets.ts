/** A call of the programs that spend budgets, as the tracker is asked for it. */
import { randomUUID } from 'node:crypto';
import { defineBudget, openStore, TokenBudgetTracker } from 'otel-token-budget';

/** What a call may cost at most, nano-USD: 20,000 of input, and 100 tokens of output of 600 each. */
export const WORST_CASE_NANO_USD = 80_000;

/** What it turns out to cost. */
export const COST_NANO_USD = 30_000;

/** Reserves a call of a budget. @returns settles it; undefined where it was refused */
export type Admit = (budget: number) => Promise<(() => unknown) | undefined>;

/** Budgets in a Redis, each with a limit of so many USD. */
export function budgetsIn(
  url: string,
  { names, localQuota, limitUsd }: { names: readonly string[]; localQuota: boolean; limitUsd: number },
): Admit {
  const store = openStore({ store: url, localQuota });
  const trackers = names.map(
    (name) => new TokenBudgetTracker(defineBudget({ name, limits: { costUsd: limitUsd } }), { store }),
  );
  return async (budget) => {
    const tracker = trackers[budget];
    if (tracker === undefined) throw new RangeError(`no budget ${budget}`);
    const id = randomUUID();
    const admission = await tracker.reserve({
      id,
      fixed: { costNanoUsd: 20_000, tokens: 100, calls: 1 },
      outputPicoUsd: 600_000,
      choices: 1,
      outputCap: 100,
      capped: true,
    });
    const used = { costNanoUsd: COST_NANO_USD, tokens: 120, calls: 1 };
    return admission.admitted ? () => tracker.settle(id, used) : undefined;
  };
}
