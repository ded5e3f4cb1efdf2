import { type Amounts, addAmounts, NOTHING, subtractAmounts } from '../../budget/index.ts';
import type { Line } from './chain.ts';
import type { LocalReservation } from './quota.ts';
import type { Bank } from './quota-pool.ts';

/** A call that spends from a slice of a line. */
export type OpenCall = LocalReservation & { readonly line: Line };

/** The calls that are open in slices, by the names of their reservations. */
export class OpenCalls {
  readonly #bank: Bank;
  readonly #calls = new Map<string, OpenCall>();

  constructor(bank: Bank) {
    this.#bank = bank;
  }

  get(id: string): OpenCall | undefined {
    return this.#calls.get(id);
  }

  open(id: string, reservation: LocalReservation, line: Line): void {
    this.#calls.set(id, Object.assign(reservation, { line }));
  }

  /** Charges what was used, in the slice, which is given back where it is done with. */
  settle(id: string, used: Amounts): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    const { slice, line } = call;
    slice.settle(call, used, this.#bank.moment().now);
    if (slice.open > 0) return;
    // One that is nearly used up is not kept beside its successor.
    if (slice.state === 'draining' || (!slice.spare && line.hasSpare(slice)))
      void this.#bank.end(line, slice);
  }

  /** Holds more of the slice for a call. */
  hold(call: OpenCall, more: Amounts): void {
    call.amounts = addAmounts(call.amounts, more);
    call.slice.hold(more);
  }

  /** Takes back what was held too much. */
  drop(call: OpenCall, more: Amounts): void {
    this.hold(call, subtractAmounts(NOTHING, more));
  }

  /** Charges in full those that this is true of, and tells which. */
  chargeWhere(ends: (id: string, call: OpenCall) => boolean): { id: string; charged: Amounts }[] {
    const over = [...this.#calls].filter(([id, call]) => ends(id, call));
    for (const [id, { amounts }] of over) this.settle(id, amounts);
    return over.map(([id, { amounts }]) => ({ id, charged: amounts }));
  }

  clear(): void {
    this.#calls.clear();
  }
}
