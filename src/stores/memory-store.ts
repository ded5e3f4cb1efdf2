import {
  type Abandoned,
  type Account,
  type Admission,
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  type ChargeName,
  canAfford,
  decideAdmission,
  NOTHING,
  type ReserveRequest,
  type SettledBalances,
  type Store,
  subtractAmounts,
  windowOf,
} from '../budget/index.ts';

/** The balances of a budget in one window. */
interface Entry {
  settled: Amounts;
  reserved: Amounts;
  open: number;
  startedAt: number;
}

/** An open reservation and the balances that it is on. */
interface Reservation {
  readonly chain: readonly BudgetDefinition[];
  readonly entries: readonly Entry[];
  reserved: Amounts;
}

/**
 * A ledger in the memory of one process. It answers at once, and is lost when the process ends, so
 * reservations need no lease.
 *
 * @example const store = new MemoryStore(); const tracker = new TokenBudgetTracker(defineBudget({ name:
 * 'job', limits: { costUsd: 2 } }), { store });
 */
export class MemoryStore implements Store {
  readonly leaseless: boolean = true;
  /**
   * The balances by budget and by the start of the window; windows that are over are kept by their
   * reservations only.
   */
  readonly #entries = new Map<string, Map<number, Entry>>();
  readonly #open = new Map<string, Reservation>();
  /** The position of the last charge of each source whose charges are made once. */
  readonly #charges = new Map<string, number>();
  readonly #now: () => number;

  /** @param now the clock, milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): Admission {
    const now = this.#now();
    const entries = chain.map((budget) => this.#entry(budget, now));
    const admission = decideAdmission(accountsOf(chain, entries), request, now);
    if (!admission.admitted) return { ...admission, balances: { ...admission.balances } };
    for (const entry of entries) {
      entry.reserved = addAmounts(entry.reserved, admission.reserved);
      entry.open += 1;
    }
    this.#open.set(request.id, { chain, entries, reserved: admission.reserved });
    return admission;
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): boolean {
    const reservation = this.#open.get(id);
    if (reservation === undefined || !canAfford(accountsOf(chain, reservation.entries), more)) return false;
    for (const entry of reservation.entries) entry.reserved = addAmounts(entry.reserved, more);
    reservation.reserved = addAmounts(reservation.reserved, more);
    return true;
  }

  settle(id: string, used: Amounts, seen?: SettledBalances): boolean {
    const reservation = this.#open.get(id);
    if (reservation === undefined) return false;
    this.#open.delete(id);
    for (const entry of reservation.entries) {
      entry.reserved = subtractAmounts(entry.reserved, reservation.reserved);
      entry.settled = addAmounts(entry.settled, used);
      entry.open -= 1;
    }
    if (seen !== undefined) this.#reportBalances(reservation, seen);
    return true;
  }

  release(id: string): boolean {
    return this.settle(id, NOTHING);
  }

  transfer(id: string, to: string): boolean {
    const reservation = this.#open.get(id);
    if (reservation === undefined || this.#open.has(to)) return false;
    this.#open.delete(id);
    this.#open.set(to, reservation);
    return true;
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): void {
    const now = this.#now();
    for (const budget of chain) {
      const entry = this.#entry(budget, now);
      entry.settled = addAmounts(entry.settled, used);
    }
  }

  chargeOnce(chain: readonly BudgetDefinition[], used: Amounts, name: ChargeName): number {
    const last = this.#charges.get(name.source) ?? 0;
    if (last !== name.after) return last;
    this.#charges.set(name.source, name.position);
    this.charge(chain, used);
    return name.position;
  }

  balances(budget: BudgetDefinition): Balances {
    return { ...this.#entry(budget, this.#now()) };
  }

  heartbeat(): void {}

  chargeAbandoned(idPrefix: string): Abandoned[] {
    const abandoned = [...this.#open]
      .filter(([id]) => id.startsWith(idPrefix))
      .map(([id, { reserved }]) => ({ id, charged: reserved }));
    for (const { id, charged } of abandoned) this.settle(id, charged);
    return abandoned;
  }

  backdate(budget: BudgetDefinition, startedAt: number): void {
    const entry = this.#entry(budget, this.#now());
    entry.startedAt = Math.min(entry.startedAt, startedAt);
  }

  close(): void {}

  /** Reports the balances of present windows only: the reservation may belong to one that is over. */
  #reportBalances({ chain, entries }: Reservation, seen: SettledBalances): void {
    const now = this.#now();
    for (const [index, budget] of chain.entries()) {
      const entry = this.#entry(budget, now);
      if (entry === entries[index]) seen.set(budget.name, { ...entry });
    }
  }

  #entry(budget: BudgetDefinition, now: number): Entry {
    const start = budget.window === undefined ? 0 : windowOf(budget.window, now).start;
    let windows = this.#entries.get(budget.name);
    if (windows === undefined) {
      windows = new Map();
      this.#entries.set(budget.name, windows);
    }
    let entry = windows.get(start);
    if (entry === undefined) {
      for (const older of windows.keys()) if (older < start) windows.delete(older);
      entry = {
        settled: NOTHING,
        reserved: NOTHING,
        open: 0,
        startedAt: budget.window === undefined ? now : start,
      };
      windows.set(start, entry);
    }
    return entry;
  }
}

function accountsOf(chain: readonly BudgetDefinition[], entries: readonly Entry[]): Account[] {
  const accounts: Account[] = [];
  for (const [index, balances] of entries.entries()) {
    const budget = chain[index];
    if (budget !== undefined) accounts.push({ budget, balances });
  }
  return accounts;
}
