import { type Amounts, addAmounts } from '../../../budget/index.ts';
import { BoundedMap } from '../../../util/index.ts';
import { amountArguments, integerArgument } from '../arguments.ts';
import type { AccountKey } from '../keys.ts';

/** How many open reservations of this process are remembered, to write them back. */
const MAX_OPEN = 100_000;

/** How many that have ended are remembered: an old copy of the ledger may have them open. */
const MAX_ENDED = 5_000;

/** A reservation as it was made. */
export interface OpenReservation {
  readonly accounts: readonly AccountKey[];
  readonly attempt: string;
  readonly amounts: Amounts;
  /** Milliseconds. */
  readonly leaseMs: number;
}

/** The reservations that this process has made: those that are open, and those that it has ended. */
export class OpenReservations {
  readonly #open = new BoundedMap<string, OpenReservation>(MAX_OPEN);
  readonly #ended = new BoundedMap<string, true>(MAX_ENDED);

  /** Remembers a reservation. */
  add(id: string, reservation: OpenReservation): void {
    this.#open.set(id, reservation);
    this.#ended.delete(id);
  }

  /** Whether the reservation is open, as far as this process knows. */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Adds what was reserved on top. */
  grow(id: string, more: Amounts): void {
    const reservation = this.#open.get(id);
    if (reservation !== undefined)
      this.#open.set(id, { ...reservation, amounts: addAmounts(reservation.amounts, more) });
  }

  /** Gives a reservation another id and lease. */
  rename(id: string, to: string, leaseMs: number): void {
    const reservation = this.#open.take(id);
    this.#ended.set(id, true);
    if (reservation !== undefined) this.#open.set(to, { ...reservation, leaseMs });
  }

  /** Remembers that a reservation was settled or released. @param isEnded false if it was not open */
  end(id: string, isEnded: boolean): void {
    this.#open.delete(id);
    if (isEnded) this.#ended.set(id, true);
  }

  /** Returns the ids of those that have ended. */
  ended(): string[] {
    return [...this.#ended].map(([id]) => id);
  }

  /** Returns those that are open, as the script `restore` reads them. */
  toRestore(): object[] {
    return [...this.#open].map(([id, { accounts, attempt, amounts, leaseMs }]) => {
      const [cost, tokens, calls] = amountArguments(amounts);
      const spans = accounts.map(({ key, span: [start, , expireAt, definition] }) => [
        key,
        start,
        expireAt,
        definition,
      ]);
      return { id, attempt, lease: integerArgument(leaseMs), cost, tokens, calls, accounts: spans };
    });
  }
}
