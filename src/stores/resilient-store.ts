import { existsSync } from 'node:fs';
import {
  type Abandoned,
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type ChargeName,
  type FailurePolicy,
  failurePolicyOf,
  isStrict,
  LedgerLostError,
  NOTHING,
  type ReserveRequest,
  type SettledBalances,
  type Store,
  type StoreError,
  StoreSetupError,
  StoreUnavailableError,
  worstCaseAmounts,
} from '../budget/index.ts';
import { isPromise, loadEntryModule, type MaybePromise, newUniqueId } from '../util/index.ts';
import { Availability, type AvailabilityOptions, UNAVAILABLE_WAIT_MS } from './availability.ts';
import type * as Journals from './journal/index.ts';

/** How the failures of a store are handled. */
export interface ResilientStoreOptions extends Pick<AvailabilityOptions, 'waitMs' | 'onSetupError'> {
  /**
   * Whether calls are sent (`open`) or denied (`closed`) while the store is unavailable; default: denied if
   * one of their budgets is strict.
   */
  readonly failurePolicy?: FailurePolicy | undefined;
  /** The directory of the journals of what is owed to the store. */
  readonly journalDirectory: string;
  /** Called when the store is found to be unavailable, and when it is available again. */
  readonly onChange?: ((available: boolean, cause?: unknown) => void) | undefined;
  /** Called with a sentence for people about what may be lost. */
  readonly onProblem?: ((problem: string) => void) | undefined;
}

/** The pause before an unavailable store is tried again, milliseconds. */
const RETRY_MS = 1_000;

/** How often journals of processes that have ended are looked for, milliseconds. */
const ADOPT_MS = 60_000;

/** How long the process is kept alive for the end of a call, milliseconds; then its exit takes care of it. */
const KEEP_ALIVE_MS = 500;

/**
 * Makes a store that may be slow or unavailable usable. A store that answers late is waited for. What is
 * spent without one is owed to it: kept in a journal on disk, and booked once when it is available again, by
 * this process or another.
 */
export class ResilientStore implements Store {
  readonly #inner: Store;
  readonly #options: ResilientStoreOptions;
  readonly #availability: Availability;
  #journal: Journals.Journal | undefined;
  /** Settlements and charges that the store has not answered yet. */
  readonly #unanswered = new Set<() => void>();
  #retryTimer: NodeJS.Timeout | undefined;
  #adoptTimer: NodeJS.Timeout | undefined;

  constructor(inner: Store, options: ResilientStoreOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#availability = new Availability({
      waitMs: options.waitMs,
      isAnswer: (error) => error instanceof LedgerLostError,
      onChange: (isAvailable, cause) => {
        options.onChange?.(isAvailable, cause);
        if (isAvailable) this.#retryLater(0);
      },
      onSetupError: options.onSetupError,
      onFirstAnswer: () => {
        this.#adoptTimer = this.#startAdopting();
      },
    });
  }

  /** Records why the store cannot be reached, while calls may still be waiting for it. */
  reportFailure(error: StoreError): void {
    this.#availability.fail(error);
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    return this.#ask(
      () => this.#inner.reserve(chain, request),
      async (error, answer) => {
        // If the store reserves it after all, the caller will never settle that reservation.
        answer
          .then(({ admitted }) => (admitted ? this.#inner.release(request.id) : false))
          .catch(() => undefined);
        // It would begin with a second full budget.
        if (error instanceof LedgerLostError && isStrict(chain)) throw error;
        if (error instanceof StoreSetupError && !this.#availability.hasAnswered) throw error;
        if (this.#policyFor(chain) === 'closed') throw new StoreUnavailableError(chain[0]?.name ?? '', error);
        const { outputCap } = request;
        const reserved = worstCaseAmounts(request, outputCap);
        await this.#openJournal().admit(request.id, chain, reserved);
        return { admitted: true, outputCap, reserved };
      },
      { waitMs: this.#waitFor(chain) },
    );
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    const admitMore = async (as: string): Promise<boolean> => {
      await this.#openJournal().admit(as, chain, more);
      return true;
    };
    if (this.#journal?.has(id) === true) return admitMore(id);
    return this.#ask(
      () => this.#inner.grow(chain, id, more),
      () => {
        return this.#policyFor(chain) === 'open' ? admitMore(growthOf(id)) : false;
      },
      { waitMs: this.#waitFor(chain) },
    );
  }

  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean> {
    const journal = this.#journal;
    if (journal?.has(growthOf(id)) === true) journal.settle(growthOf(id), NOTHING);
    if (journal?.has(id) === true) {
      journal.settle(id, used);
      this.#retryLater();
      return true;
    }
    // The first settlement is owed; this is another one.
    if (journal?.hasSettlement(id) === true) return false;
    return this.#write(
      () => this.#inner.settle(id, used, seen),
      () => {
        this.#openJournal().settleHeld(id, used);
        return true;
      },
    );
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
  }

  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    if (this.#journal?.has(id) === true) {
      this.#journal.rename(id, to);
      return true;
    }
    return this.#ask(
      () => this.#inner.transfer(id, to, leaseMs),
      () => false,
    );
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void> {
    if (used === NOTHING) return;
    const name = { source: newUniqueId(), after: 0, position: 1, at: Date.now() };
    return this.#write<unknown>(
      () => this.#inner.chargeOnce(chain, used, name),
      () => this.#openJournal().charge(name.source, chain, used),
    ) as MaybePromise<void>;
  }

  chargeOnce(chain: readonly BudgetDefinition[], used: Amounts, name: ChargeName): MaybePromise<number> {
    return this.#ask(() => this.#inner.chargeOnce(chain, used, name), rethrow);
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#ask(() => this.#inner.balances(budget), rethrow);
  }

  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void> {
    return this.#ask(() => this.#inner.heartbeat(ids, leaseMs), rethrow, { keepsAliveMs: 0 });
  }

  returnUnused(): MaybePromise<void> {
    return this.#inner.returnUnused?.();
  }

  settleAtExit(timeoutMs: number): boolean {
    const waitMs = this.#availability.isAvailable ? timeoutMs : UNAVAILABLE_WAIT_MS;
    if (this.#inner.settleAtExit?.(waitMs) === false) for (const owe of this.#unanswered) owe();
    this.#journal?.reportLoss();
    return true;
  }

  /** @throws StoreError if the store is unavailable: the reservations are then charged when their leases end */
  chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    const answer = Promise.resolve().then(() => this.#inner.chargeAbandoned(idPrefix));
    return this.#availability.within(answer, this.#availability.waitMs());
  }

  async close(): Promise<void> {
    await this.#book().catch(() => undefined);
    clearTimeout(this.#retryTimer);
    clearInterval(this.#adoptTimer);
    this.#availability.close();
    await this.#inner.close();
  }

  #policyFor(chain: readonly BudgetDefinition[]): FailurePolicy {
    return failurePolicyOf(chain, this.#options.failurePolicy);
  }

  #waitFor(chain: readonly BudgetDefinition[]): number {
    return this.#availability.waitMs(isStrict(chain));
  }

  /** Asks for what ends a call; what is not answered is owed. */
  #write<T>(ask: () => MaybePromise<T>, owe: () => T): MaybePromise<T> {
    const answer = this.#ask(
      ask,
      () => {
        this.#retryLater();
        return owe();
      },
      { keepsAliveMs: KEEP_ALIVE_MS },
    );
    if (!isPromise(answer)) return answer;
    this.#unanswered.add(owe);
    const forget = (): boolean => this.#unanswered.delete(owe);
    answer.then(forget, forget);
    return answer;
  }

  /** Returns the store's answer, at once if it answers at once; `onFailure` returns it if the store fails. */
  #ask<T>(
    ask: () => MaybePromise<T>,
    onFailure: (error: unknown, answer: Promise<T>) => MaybePromise<T>,
    {
      waitMs = this.#availability.waitMs(),
      keepsAliveMs = waitMs,
    }: { waitMs?: number; keepsAliveMs?: number } = {},
  ): MaybePromise<T> {
    const answer = attempt(ask);
    if (isPromise(answer)) {
      return this.#availability
        .within(answer, waitMs, keepsAliveMs)
        .catch((error: unknown) => onFailure(error, answer));
    }
    if (this.#inner.answersLocally !== true) this.#availability.set(true);
    return answer;
  }

  #openJournal(): Journals.Journal {
    if (this.#journal === undefined) {
      const { Journal } = loadEntryModule('stores/journal/index') as typeof Journals;
      const { journalDirectory, onProblem = () => {} } = this.#options;
      this.#journal = new Journal(journalDirectory, onProblem);
    }
    return this.#journal;
  }

  /** Books what is owed soon, and until it is booked. */
  #retryLater(afterMs = RETRY_MS): void {
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#journal?.isDue !== true) return;
      this.#book().catch(() => this.#retryLater());
    }, afterMs).unref();
  }

  async #book(): Promise<void> {
    if (this.#journal?.isDue !== true) return;
    await this.#availability.within(this.#journal.book(this.#inner), this.#options.waitMs, 0);
  }

  /** Books what other processes left behind, now and from time to time. */
  #startAdopting(): NodeJS.Timeout {
    const adopt = (): void => {
      if (!existsSync(this.#options.journalDirectory)) return;
      // What cannot be booked now is tried again.
      void this.#openJournal()
        .bookAbandoned(this.#inner)
        .catch(() => undefined);
    };
    setImmediate(adopt).unref();
    return setInterval(adopt, ADOPT_MS).unref();
  }
}

/** The name under which a reservation of the store grows without the store. */
const growthOf = (id: string): string => `${id} growth`;

/** Turns what is thrown synchronously into a rejection. */
function attempt<T>(ask: () => MaybePromise<T>): MaybePromise<T> {
  try {
    return ask();
  } catch (error) {
    return Promise.reject(error);
  }
}

function rethrow(error: unknown): never {
  throw error;
}
