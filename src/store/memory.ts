import {
  type Account,
  type Admission,
  type Amounts,
  addAmounts,
  admit,
  type Balances,
  type BudgetDefinition,
  NOTHING,
  type ReserveRequest,
  type Store,
  subtractAmounts,
} from '../budget/index.ts';

interface Entry {
  settled: Amounts;
  reserved: Amounts;
  open: number;
  readonly startedAt: number;
}

interface Reservation {
  readonly entries: readonly Entry[];
  readonly reserved: Amounts;
}

/** A ledger in the memory of one process. Answers at once; forgotten when the process ends. */
export class MemoryStore implements Store {
  readonly #entries = new Map<string, Entry>();
  readonly #open = new Map<string, Reservation>();
  readonly #now: () => number;

  /** @param now the clock, milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): Admission {
    const accounts: Account[] = chain.map((budget) => ({ budget, balances: this.#entry(budget) }));
    const admission = admit(accounts, request, this.#now());
    if (!admission.admitted) {
      return { ...admission, balances: { ...admission.balances } };
    }
    const entries = chain.map((budget) => this.#entry(budget));
    for (const entry of entries) {
      entry.reserved = addAmounts(entry.reserved, admission.reserved);
      entry.open += 1;
    }
    this.#open.set(request.id, { entries, reserved: admission.reserved });
    return admission;
  }

  settle(id: string, used: Amounts): boolean {
    return this.#close(id, used);
  }

  release(id: string): boolean {
    return this.#close(id, NOTHING);
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): void {
    for (const budget of chain) {
      const entry = this.#entry(budget);
      entry.settled = addAmounts(entry.settled, used);
    }
  }

  balances(budget: BudgetDefinition): Balances {
    return { ...this.#entry(budget) };
  }

  #close(id: string, used: Amounts): boolean {
    const reservation = this.#open.get(id);
    if (reservation === undefined) return false;
    this.#open.delete(id);
    for (const entry of reservation.entries) {
      entry.reserved = subtractAmounts(entry.reserved, reservation.reserved);
      entry.settled = addAmounts(entry.settled, used);
      entry.open -= 1;
    }
    return true;
  }

  #entry(budget: BudgetDefinition): Entry {
    let entry = this.#entries.get(budget.name);
    if (entry === undefined) {
      entry = { settled: NOTHING, reserved: NOTHING, open: 0, startedAt: this.#now() };
      this.#entries.set(budget.name, entry);
    }
    return entry;
  }
}
