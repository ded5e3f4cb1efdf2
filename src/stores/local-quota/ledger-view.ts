import {
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  limitAmounts,
  NOTHING,
  subtractAmounts,
} from '../../budget/index.ts';
import { excess, type Tally } from './accounting/index.ts';

/**
 * The balances of one budget as this process knows them: those that the remote store last told, with our slices counted by what
 * their calls used and hold, not by what the slices hold. Others' slices count as reserved.
 */
export class View {
  /** When it was told, by the local clock; undefined where it no longer is what the remote store has. */
  freshAt: number | undefined;
  /** When the window of the balances is over, milliseconds since the epoch. */
  readonly windowEnd: number;
  /** Our slices of the budget in the window of the balances. */
  readonly tally: Tally;
  readonly #raw: Balances;
  /** What was in the tally when the balances were told; a slice whose settlement is on its way may be told as reserved or as settled. */
  readonly #heldThen: Amounts;
  readonly #slicesThen: number;
  readonly #endedThen: Amounts;

  /** @param tally with our slices as the remote store had them when it told the balances */
  constructor(raw: Balances, windowEnd: number, tally: Tally, freshAt: number | undefined) {
    this.freshAt = freshAt;
    this.windowEnd = windowEnd;
    this.tally = tally;
    this.#raw = raw;
    this.#heldThen = tally.held;
    this.#slicesThen = tally.slices;
    this.#endedThen = tally.ended;
  }

  /** Whether a slice of ours is counted in it. */
  get sliced(): boolean {
    return this.#slicesThen > 0 || this.tally.slices > 0;
  }

  /** What the remote store said is left of an amount of the budget, our slices taken off; `Infinity` without a limit. */
  leftBesideSlices(name: keyof Amounts, { limits }: BudgetDefinition): number {
    return limitAmounts(limits, this.#raw.granted)[name] - this.#raw.settled[name] - this.#raw.reserved[name];
  }

  balances(): Balances {
    const { used, reserved, open } = this.tally;
    const others = subtractAmounts(this.#raw.reserved, this.#heldThen);
    return {
      ...this.#raw,
      settled: addAmounts(this.#raw.settled, subtractAmounts(used, this.#endedThen)),
      // Told while a slice was on its way, it may not have been in what was told.
      reserved: excess(addAmounts(others, reserved), NOTHING),
      open: Math.max(0, this.#raw.open - this.#slicesThen + open),
    };
  }
}
