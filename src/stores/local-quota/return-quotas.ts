import type { BudgetDefinition } from '../../budget/index.ts';
import type { Bank } from './quota-pool.ts';

/** Ends slices without open calls that hold a part of these budgets. False where there are none. Never rejects. */
export async function giveBack(bank: Bank, chain: readonly BudgetDefinition[]): Promise<boolean> {
  const ends: Promise<void>[] = [];
  for (const line of new Set(chain.flatMap((budget) => [...bank.lines.with(budget)]))) {
    bank.pause(line);
    for (const slice of line.slices) {
      if (slice.open === 0 && slice.state !== 'ending') ends.push(bank.end(line, slice));
    }
  }
  await Promise.all(ends);
  return ends.length > 0;
}

/** Tries again where it does not fit, once our own slices hold nothing idle. */
export async function givingBack(
  bank: Bank,
  chain: readonly BudgetDefinition[],
  fit: () => Promise<boolean>,
): Promise<boolean> {
  return (await fit()) || ((await giveBack(bank, chain)) && fit());
}
