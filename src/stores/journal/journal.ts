import { randomUUID } from 'node:crypto';
import {
  type Amounts,
  addAmounts,
  type BudgetDefinition,
  NOTHING,
  type Store,
  StoreError,
} from '../../budget/index.ts';
import { formatUsd } from '../../pricing/index.ts';
import { errorMessage, formatCount, mapWithConcurrency } from '../../util/index.ts';
import type { JournalEntry } from './entry.ts';
import { ABANDONED_MS, JournalFile } from './journal-file.ts';
import { type Debt, Owed } from './owed.ts';

/** How many settlements are repeated at once. */
const CONCURRENCY = 64;

/** How often the store may disagree about what was booked last. */
const MAX_TRIES = 10;

/**
 * What is owed to a store that was unavailable: kept in memory and, so that it outlives the process, in a
 * file of its own. It is booked exactly once, by this process or by the one that adopts the file.
 */
export class Journal {
  readonly #directory: string;
  readonly #onProblem: (problem: string) => void;
  #file: JournalFile | undefined;
  #owed: Owed;
  #touchTimer: NodeJS.Timeout | undefined;
  /** Whether the file could not be written, which was reported. */
  #isInMemory = false;
  #booking: Promise<void> | undefined;
  /** The files of processes that have ended, which this one owns until they are booked. */
  readonly #adopted = new Set<JournalFile>();
  #bookingAbandoned: Promise<void> | undefined;

  /**
   * @param directory of the files; it is created with the first one
   * @param onProblem called with a sentence for people when a file cannot be used
   */
  constructor(directory: string, onProblem: (problem: string) => void) {
    this.#directory = directory;
    this.#onProblem = onProblem;
    this.#owed = new Owed(randomUUID());
  }

  /** Whether nothing is owed, and no call is open. */
  get isEmpty(): boolean {
    return this.#owed.isNothing;
  }

  /** Whether something could be booked now. */
  get isDue(): boolean {
    return !this.#owed.isBooked;
  }

  /** What is owed at most and will be lost with this process, because no file could be written. */
  get atRisk(): Amounts {
    return this.#isInMemory ? this.#owed.total : NOTHING;
  }

  /** Reports what is lost with this process, because no file could be written. */
  reportLoss(): void {
    const { costNanoUsd, tokens } = this.atRisk;
    if (costNanoUsd === 0 && tokens === 0) return;
    const lost = `${formatUsd(costNanoUsd)} and ${formatCount(tokens)} tokens`;
    this.#onProblem(`the store is unavailable, and no journal can be written: ${lost} are lost`);
  }

  /** Whether a call was admitted here and has not ended. */
  has(id: string): boolean {
    return this.#owed.open.has(id);
  }

  /** Whether a settlement of a reservation of the store is owed. */
  hasSettlement(id: string): boolean {
    return this.#owed.settlements.has(id);
  }

  /** Records what a call that is admitted without the store may cost, durably: then it may be sent. */
  async admit(id: string, chain: readonly BudgetDefinition[], worst: Amounts): Promise<void> {
    this.#add({ kind: 'admit', id, chain, worst, at: Date.now() });
    await this.#file?.sync().catch((error: unknown) => this.#keepInMemory(error));
  }

  /** Records that an admitted call goes on under another name. */
  rename(id: string, to: string): void {
    this.#add({ kind: 'rename', id, to });
  }

  /** Records what an admitted call used. */
  settle(id: string, used: Amounts): void {
    this.#add({ kind: 'settle', id, used });
  }

  /** Records what a call used whose reservation the store holds. */
  settleHeld(id: string, used: Amounts): void {
    this.#add({ kind: 'settle-held', id, used });
  }

  /** Records a charge without a reservation, which the store may have made under that name. */
  charge(source: string, chain: readonly BudgetDefinition[], used: Amounts): void {
    this.#add({ kind: 'charge', source, chain, used, at: Date.now() });
  }

  /**
   * Books what is owed, once however often it is repeated.
   * @throws StoreError if the store is unavailable; the rest stays
   */
  book(store: Store): Promise<void> {
    this.#booking ??= this.#bookAll(store).finally(() => {
      this.#booking = undefined;
    });
    return this.#booking;
  }

  /**
   * Books what processes that have ended left behind. Their open calls are charged in full.
   * @throws StoreError if the store is unavailable; the rest stays, and is booked the next time
   */
  bookAbandoned(store: Store): Promise<void> {
    this.#bookingAbandoned ??= this.#bookAbandoned(store).finally(() => {
      this.#bookingAbandoned = undefined;
    });
    return this.#bookingAbandoned;
  }

  async #bookAbandoned(store: Store): Promise<void> {
    for (const name of JournalFile.list(this.#directory)) {
      const file = JournalFile.adopt(this.#directory, name);
      if (file !== undefined) this.#adopted.add(file);
    }
    for (const file of this.#adopted) {
      try {
        await this.#bookFile(file, store);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        file.close();
        this.#onProblem(
          `the journal ${file.path} cannot be booked (${errorMessage(error)}): it is left as it is`,
        );
      }
      this.#adopted.delete(file);
    }
  }

  async #bookFile(file: JournalFile, store: Store): Promise<void> {
    const owed = new Owed(file.id, { isAdopted: true });
    for (const entry of file.read()) {
      owed.add(entry);
      // The store may have reserved it, although its process never heard of that.
      if (entry.kind === 'admit') await store.release(entry.id);
    }
    for (const [id, { worst }] of [...owed.open]) {
      const entry = { kind: 'settle', id, used: worst } as const;
      file.append(entry);
      owed.add(entry);
    }
    await bookOwed(owed, store);
    file.delete();
  }

  async #bookAll(store: Store): Promise<void> {
    const owed = this.#owed;
    await bookOwed(owed, store);
    // Calls that are open, or entries that came meanwhile, still need it.
    if (owed !== this.#owed || !owed.isNothing) return;
    this.#forget();
  }

  #add(entry: JournalEntry): void {
    try {
      // It was taken for dead, and what it owed was charged in full.
      if (this.#file?.isOwn === false) this.#forget();
      this.#openFile()?.append(entry);
    } catch (error) {
      this.#keepInMemory(error);
    }
    this.#owed.add(entry);
  }

  /** Returns the file, which is created with the first entry; undefined if none can be written. */
  #openFile(): JournalFile | undefined {
    if (this.#isInMemory) return undefined;
    if (this.#file === undefined) {
      const file = JournalFile.create(this.#directory, this.#owed.journal);
      this.#file = file;
      this.#touchTimer = setInterval(() => touch(file), ABANDONED_MS / 10).unref();
    }
    return this.#file;
  }

  /** From now on what is owed is kept in memory: a file with gaps would be booked wrongly. */
  #keepInMemory(error: unknown): void {
    if (this.#isInMemory) return;
    this.#isInMemory = true;
    this.#onProblem(
      `the journal in ${this.#directory} cannot be written (${errorMessage(error)}): ` +
        'what calls cost while the store is unavailable is lost if this process ends before the store is back',
    );
  }

  /** Starts a new journal; the file of this one is not needed any more. */
  #forget(): void {
    clearInterval(this.#touchTimer);
    this.#file?.delete();
    this.#file = undefined;
    this.#isInMemory = false;
    this.#owed = new Owed(randomUUID());
  }
}

function touch(file: JournalFile): void {
  try {
    file.touch();
  } catch {
    // Another process has adopted it.
  }
}

/** Books debts and settlements, and removes from `owed` what the store has. */
async function bookOwed(owed: Owed, store: Store): Promise<void> {
  for (const debt of [...owed.debts.values()]) {
    await bookDebt(debt, store);
    if (debt.due.length === 0) owed.debts.delete(debt.source);
  }
  await mapWithConcurrency([...owed.settlements], CONCURRENCY, async ([id, used]) => {
    // False: it was settled before, or its lease has ended and it was charged in full.
    await store.settle(id, used);
    owed.settlements.delete(id);
  });
}

async function bookDebt(debt: Debt, store: Store): Promise<void> {
  const { source, chain, at } = debt;
  for (let tries = 0; debt.due.length > 0; tries += 1) {
    if (tries === MAX_TRIES) throw new StoreError(`The store does not take the charges of "${source}".`);
    const used = debt.due.reduce((sum, one) => addAmounts(sum, one.used), NOTHING);
    const position = debt.due.at(-1)?.position ?? 0;
    const name = { source, after: debt.booked, position, at };
    debt.asked = position;
    // If it is another position, whoever owned the journal before had booked up to there.
    debt.booked = await store.chargeOnce(chain, used, name);
    debt.due = debt.due.filter((one) => one.position > debt.booked);
  }
}
