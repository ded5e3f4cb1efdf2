import {
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  NOTHING,
  subtractAmounts,
  windowOf,
} from '../../budget/index.ts';
import { limitAmounts } from '../../budget/limits.ts';
import { excess } from './amounts.ts';
import type { Slice } from './slice.ts';

/**
 * The balances of one budget as this process knows them: those that the remote store last told, with our slices counted by what
 * their calls used and hold, not by what the slices hold. Others' slices count as reserved.
 */
export class View {
  readonly #name: string;
  /** When it was told, by the local clock; undefined where it no longer is what the remote store has. */
  freshAt: number | undefined;
  readonly #raw: Balances;
  readonly #span: { readonly start: number; readonly end: number };
  /** What our slices held of the balances that were told. */
  #heldThen: Amounts = NOTHING;
  #slicesThen = 0;
  readonly #slices = new Set<Slice>();

  /** @param slices ours, as the remote store had them when it told the balances */
  constructor(budget: BudgetDefinition, raw: Balances, slices: Iterable<Slice>, freshAt: number | undefined) {
    this.#name = budget.name;
    this.freshAt = freshAt;
    this.#raw = raw;
    this.#span = windowOf(budget.window, budget.window === undefined ? 0 : raw.startedAt);
    for (const slice of slices) {
      // One whose settlement is on its way may be told as reserved or as settled.
      if (!this.#concerns(slice) || slice.state === 'ending' || slice.state === 'ended') continue;
      this.#slices.add(slice);
      this.#heldThen = addAmounts(this.#heldThen, slice.held);
      this.#slicesThen += 1;
    }
  }

  /** The start of the window that the balances are of, milliseconds since the epoch. */
  get windowStart(): number {
    return this.#span.start;
  }

  get windowEnd(): number {
    return this.#span.end;
  }

  /** Whether a slice of ours is counted in it. */
  get sliced(): boolean {
    return this.#slices.size > 0;
  }

  /** Counts a slice that was taken after the balances were told. */
  add(slice: Slice): void {
    if (this.#concerns(slice)) this.#slices.add(slice);
  }

  /** What the remote store said is left of an amount of the budget, our slices taken off; `Infinity` without a limit. */
  leftBesideSlices(name: keyof Amounts, { limits }: BudgetDefinition): number {
    return limitAmounts(limits, this.#raw.granted)[name] - this.#raw.settled[name] - this.#raw.reserved[name];
  }

  balances(): Balances {
    let settled = this.#raw.settled;
    let reserved = subtractAmounts(this.#raw.reserved, this.#heldThen);
    let open = this.#raw.open - this.#slicesThen;
    for (const slice of this.#slices) {
      settled = addAmounts(settled, slice.used);
      reserved = addAmounts(reserved, slice.reserved);
      open += slice.open;
    }
    // Told while a slice was on its way, it may not have been in what was told.
    reserved = excess(reserved, NOTHING);
    return { ...this.#raw, settled, reserved, open: Math.max(0, open) };
  }

  #concerns(slice: Slice): boolean {
    return slice.windows.get(this.#name) === this.#span.start;
  }
}
