import { type Amounts, addAmounts, type BudgetDefinition, NOTHING, windowOf } from '../../budget/index.ts';
import type { JournalEntry } from './entry.ts';

/** A call that was admitted without the store and has not ended. */
export interface OpenAdmission {
  readonly chain: readonly BudgetDefinition[];
  /** The most that it may cost. */
  worst: Amounts;
  readonly at: number;
}

/** What is owed to the same budgets in the same windows. */
export interface Debt {
  /** The source of its charges. */
  readonly source: string;
  readonly chain: readonly BudgetDefinition[];
  readonly at: number;
  /** The position of its last charge that the store has. */
  booked: number;
  /** The last position that the store was asked to book: it may have booked up to there. */
  asked: number;
  /** What the store does not have, in ascending order of the positions. */
  due: { readonly position: number; readonly used: Amounts }[];
}

/** What the entries of a journal amount to. */
export class Owed {
  /** The name of the journal, which its charges are made under. */
  readonly journal: string;
  readonly open = new Map<string, OpenAdmission>();
  readonly debts = new Map<string, Debt>();
  /** The settlements of reservations that the store holds. */
  readonly settlements = new Map<string, Amounts>();
  readonly #isAdopted: boolean;
  #entries = 0;

  /** @param isAdopted whether another process may have booked some of it, up to an entry that only the store knows */
  constructor(journal: string, { isAdopted = false }: { readonly isAdopted?: boolean } = {}) {
    this.journal = journal;
    this.#isAdopted = isAdopted;
  }

  /** Whether the journal is not needed any more. */
  get isNothing(): boolean {
    return this.open.size === 0 && this.isBooked;
  }

  /** Whether everything is booked but the calls that are open. */
  get isBooked(): boolean {
    return this.debts.size === 0 && this.settlements.size === 0;
  }

  /** The sum of what is not booked: with what open calls may cost, without settlements of reservations. */
  get total(): Amounts {
    let total = NOTHING;
    for (const { worst } of this.open.values()) total = addAmounts(total, worst);
    for (const { due } of this.debts.values()) for (const { used } of due) total = addAmounts(total, used);
    return total;
  }

  /** Adds the next entry. */
  add(entry: JournalEntry): void {
    this.#entries += 1;
    switch (entry.kind) {
      case 'admit':
        this.#admit(entry);
        break;
      case 'rename': {
        const admission = this.open.get(entry.id);
        if (admission === undefined) break;
        this.open.delete(entry.id);
        this.open.set(entry.to, admission);
        break;
      }
      case 'settle': {
        const admission = this.open.get(entry.id);
        this.open.delete(entry.id);
        if (admission !== undefined && entry.used !== NOTHING) this.#owe(admission, entry.used);
        break;
      }
      case 'settle-held':
        if (!this.settlements.has(entry.id)) this.settlements.set(entry.id, entry.used);
        break;
      case 'charge': {
        const { source, chain, used, at } = entry;
        const due = [{ position: 1, used }];
        this.debts.set(source, { source, chain, at, booked: 0, asked: 0, due });
      }
    }
  }

  #admit({ id, chain, worst, at }: Extract<JournalEntry, { kind: 'admit' }>): void {
    const known = this.open.get(id);
    if (known === undefined) this.open.set(id, { chain, worst, at });
    else known.worst = addAmounts(known.worst, worst);
  }

  /** The entry's number is the position of its charge, so that every reader of the journal agrees on it. */
  #owe({ chain, at }: OpenAdmission, used: Amounts): void {
    const accounts = chain.map(({ name, window }) => [name, windowOf(window, at).start]);
    const source = `${this.journal} ${JSON.stringify(accounts)}`;
    const debt = this.debts.get(source) ?? { source, chain, at, booked: 0, asked: 0, due: [] };
    const last = debt.due.at(-1);
    // One entry for all calls of a long outage: the store cannot have booked only some of them.
    const isOne = !this.#isAdopted && last !== undefined && last.position > debt.asked;
    if (isOne) debt.due.pop();
    debt.due.push({ position: this.#entries, used: isOne ? addAmounts(last.used, used) : used });
    this.debts.set(source, debt);
  }
}
