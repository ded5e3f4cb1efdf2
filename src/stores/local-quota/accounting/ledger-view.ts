import {
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  limitAmounts,
  NOTHING,
  subtractAmounts,
} from '../../../budget/index.ts';
import { excessOver } from './amounts.ts';
import type { QuotaTotals } from './quota-totals.ts';

/**
 * The balances of one budget as this process knows them: those that the remote store answered last, with our
 * quotas counted by what their calls used and reserve, not by what the quotas hold. Quotas of others count as
 * reserved.
 */
export class LedgerView {
  /**
   * When the remote store was asked, by the local clock; undefined if its balances may have changed since.
   */
  freshAt: number | undefined;
  /** When the window of the balances ends, milliseconds since the epoch. */
  readonly windowEnd: number;
  /** Our quotas of the budget in the window of the balances. */
  readonly totals: QuotaTotals;
  readonly #raw: Balances;
  /**
   * The totals when the remote store answered. A quota whose settlement was in flight may have been answered
   * as reserved or as settled.
   */
  readonly #heldThen: Amounts;
  readonly #quotasThen: number;
  readonly #endedThen: Amounts;

  /** @param totals with our quotas as the remote store had them when it answered */
  constructor(raw: Balances, windowEnd: number, totals: QuotaTotals, freshAt: number | undefined) {
    this.freshAt = freshAt;
    this.windowEnd = windowEnd;
    this.totals = totals;
    this.#raw = raw;
    this.#heldThen = totals.held;
    this.#quotasThen = totals.quotas;
    this.#endedThen = totals.ended;
  }

  /** Whether the balances include one of our quotas. */
  get hasQuotas(): boolean {
    return this.#quotasThen > 0 || this.totals.quotas > 0;
  }

  /**
   * What is left of an amount of the budget beside our quotas, as the remote store has it; `Infinity` without
   * a limit.
   */
  leftBesideQuotas(name: keyof Amounts, { limits }: BudgetDefinition): number {
    return limitAmounts(limits, this.#raw.granted)[name] - this.#raw.settled[name] - this.#raw.reserved[name];
  }

  /** Returns the balances with our quotas counted by their calls. */
  balances(): Balances {
    const { used, reserved, open } = this.totals;
    const ofOthers = subtractAmounts(this.#raw.reserved, this.#heldThen);
    return {
      ...this.#raw,
      settled: addAmounts(this.#raw.settled, subtractAmounts(used, this.#endedThen)),
      // A quota that was in flight may be missing from the answer.
      reserved: excessOver(addAmounts(ofOthers, reserved), NOTHING),
      open: Math.max(0, this.#raw.open - this.#quotasThen + open),
    };
  }
}
