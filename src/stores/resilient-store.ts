import {
  type Abandoned,
  type Admission,
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  type FailurePolicy,
  LedgerLostError,
  NOTHING,
  type ReserveRequest,
  type SettledBalances,
  type Store,
  StoreError,
  StoreUnavailableError,
  subtractAmounts,
} from '../budget/index.ts';
import { ignoreRejection, isPromise, type MaybePromise, withTimeout } from '../util/index.ts';

/** How the failures of a store are handled. */
export interface ResilientStoreOptions {
  /** Whether calls are sent (`open`) or denied (`closed`) while the store is unavailable. */
  readonly failurePolicy: FailurePolicy;
  /** How long the store may take to answer, milliseconds. */
  readonly timeoutMs: number;
  /** Called once when the store is found to be unavailable, and once when it is available again. */
  readonly onChange?: (available: boolean, cause?: unknown) => void;
}

/**
 * The most settlements kept for an unavailable store. Beyond that, leases end and reservations are charged in
 * full.
 */
const MAX_PENDING_SETTLEMENTS = 10_000;

/** The pause after a failure before the store is tried again, milliseconds. */
const RETRY_MS = 1_000;

/**
 * Makes a store that may be unavailable usable: no call waits for it longer than the timeout, and what is
 * spent while it is unavailable is kept, in bounded memory, and written when it is available again.
 */
export class ResilientStore implements Store {
  readonly #inner: Store;
  readonly #options: ResilientStoreOptions;
  /** Reservations that were admitted without the store, with the budgets to charge. */
  readonly #unrecordedReservations = new Map<string, readonly BudgetDefinition[]>();
  /** Charges that the store does not have yet, summed by chain. */
  readonly #pendingCharges = new Map<string, { chain: readonly BudgetDefinition[]; used: Amounts }>();
  /** Settlements that the store may not have yet, by reservation. */
  readonly #pendingSettlements = new Map<string, Amounts>();
  #isAvailable = true;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(inner: Store, options: ResilientStoreOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    return this.#ask(
      () => this.#inner.reserve(chain, request),
      (error, answer) => {
        // If the store reserves it after all, the caller will never settle that reservation.
        answer
          .then(({ admitted }) => (admitted ? this.#inner.release(request.id) : false))
          .catch(() => undefined);
        // It would begin with a second full budget.
        if (error instanceof LedgerLostError && chain.some(({ mode }) => mode === 'strict')) throw error;
        if (this.#options.failurePolicy === 'closed')
          throw new StoreUnavailableError(chain[0]?.name ?? '', error);
        this.#unrecordedReservations.set(request.id, chain);
        return { admitted: true, outputCap: request.outputCap, reserved: NOTHING };
      },
    );
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    if (this.#unrecordedReservations.has(id)) return true;
    return this.#ask(
      () => this.#inner.grow(chain, id, more),
      () => this.#options.failurePolicy === 'open',
    );
  }

  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean> {
    const chain = this.#unrecordedReservations.get(id);
    if (chain !== undefined) {
      this.#unrecordedReservations.delete(id);
      this.#chargeLater(chain, used);
      return true;
    }
    // The first settlement is pending; this is another one.
    if (this.#pendingSettlements.has(id)) return false;
    return this.#ask(
      () => this.#inner.settle(id, used, seen),
      () => {
        if (this.#pendingSettlements.size < MAX_PENDING_SETTLEMENTS) this.#pendingSettlements.set(id, used);
        this.#retryLater();
        return true;
      },
    );
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
  }

  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    const chain = this.#unrecordedReservations.get(id);
    if (chain !== undefined) {
      this.#unrecordedReservations.delete(id);
      this.#unrecordedReservations.set(to, chain);
      return true;
    }
    return this.#ask(
      () => this.#inner.transfer(id, to, leaseMs),
      () => false,
    );
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void> {
    return this.#ask(
      () => this.#inner.charge(chain, used),
      (_, written) => {
        this.#chargeLater(chain, used);
        // If the store writes it after the timeout, it is no longer pending.
        written.then(() => this.#chargeLater(chain, subtractAmounts(NOTHING, used))).catch(() => undefined);
      },
    );
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#ask(() => this.#inner.balances(budget), rethrow);
  }

  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void> {
    return this.#ask(() => this.#inner.heartbeat(ids, leaseMs), rethrow);
  }

  returnUnused(): MaybePromise<void> {
    return this.#inner.returnUnused?.();
  }

  settleAtExit(timeoutMs: number): void {
    const { settleAtExit } = this.#inner;
    if (settleAtExit === undefined) return;
    // Started once more, so that the inner store has them under way.
    for (const [id, used] of this.#pendingSettlements)
      void ignoreRejection(attempt(() => this.#inner.settle(id, used)));
    settleAtExit.call(this.#inner, timeoutMs);
  }

  /**
   * @throws StoreError if the store is unavailable: the reservations are then charged when their leases end
   */
  chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    return this.#withinTimeout(Promise.resolve().then(() => this.#inner.chargeAbandoned(idPrefix)));
  }

  async close(): Promise<void> {
    await this.#writePending().catch(() => undefined);
    clearTimeout(this.#retryTimer);
    await this.#inner.close();
  }

  #chargeLater(chain: readonly BudgetDefinition[], used: Amounts): void {
    if (used === NOTHING) return;
    const key = chain.map(({ name }) => name).join('\n');
    const pending = this.#pendingCharges.get(key);
    const sum = pending === undefined ? used : addAmounts(pending.used, used);
    if (sum.calls > 0 || sum.tokens > 0 || sum.costNanoUsd > 0)
      this.#pendingCharges.set(key, { chain, used: sum });
    else this.#pendingCharges.delete(key);
    this.#retryLater();
  }

  /**
   * Returns the store's answer, at once if it answers at once; `onFailure` returns the answer if the store
   * fails.
   */
  #ask<T>(ask: () => MaybePromise<T>, onFailure: (error: unknown, answer: Promise<T>) => T): MaybePromise<T> {
    const answer = attempt(ask);
    if (isPromise(answer)) {
      return this.#withinTimeout(answer).catch((error: unknown) => onFailure(error, answer));
    }
    if (this.#inner.answersLocally !== true) this.#setAvailable(true);
    return answer;
  }

  async #withinTimeout<T>(answer: T | Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    const late = (): StoreError => new StoreError(`the store did not answer within ${timeoutMs} ms`);
    try {
      const value = await withTimeout(answer, timeoutMs, late);
      this.#setAvailable(true);
      return value;
    } catch (error) {
      if (!(error instanceof LedgerLostError)) this.#setAvailable(false, error);
      throw error;
    }
  }

  #setAvailable(isAvailable: boolean, cause?: unknown): void {
    if (isAvailable === this.#isAvailable) return;
    this.#isAvailable = isAvailable;
    this.#options.onChange?.(isAvailable, cause);
    if (isAvailable) this.#retryLater(0);
  }

  #retryLater(afterMs = RETRY_MS): void {
    if (this.#pendingCharges.size === 0 && this.#pendingSettlements.size === 0) return;
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      this.#writePending().catch(() => this.#retryLater());
    }, afterMs).unref();
  }

  /**
   * Writes what is pending; what fails again stays pending. A settlement does until it is known to be
   * written.
   */
  async #writePending(): Promise<void> {
    for (const [id, used] of [...this.#pendingSettlements]) {
      await this.#withinTimeout(this.#inner.settle(id, used));
      this.#pendingSettlements.delete(id);
    }
    for (const [key, { chain, used }] of [...this.#pendingCharges]) {
      // Removed before it is written: a charge that is written late must not be written twice.
      this.#pendingCharges.delete(key);
      try {
        await this.#withinTimeout(this.#inner.charge(chain, used));
      } catch (error) {
        this.#chargeLater(chain, used);
        throw error;
      }
    }
  }
}

/** Turns what is thrown synchronously into a rejection like any other. */
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
