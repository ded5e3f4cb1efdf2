import {
  type Abandoned,
  type Admission,
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  type FailurePolicy,
  NOTHING,
  type ReserveRequest,
  type SeenBalances,
  type Store,
  StoreError,
  StoreUnavailableError,
  subtractAmounts,
} from '../budget/index.ts';
import { ignoreRejection, isPromise, type MaybePromise } from '../util/index.ts';

export interface ResilientStoreOptions {
  readonly failurePolicy: FailurePolicy;
  /** How long the store may take to answer, milliseconds. */
  readonly timeoutMs: number;
  /** Whether an answer at once may be given while what is shared is away, as from a slice. */
  readonly answersAlone?: boolean;
  /** Told once when the store is found to be away, and once when it is back. */
  readonly onChange?: (available: boolean, cause?: unknown) => void;
}

/** The most settlements kept for a store that is away; the leases of the others end, and they are charged in full. */
const MAX_KEPT = 10_000;

/** How long after a failure the store is tried again, milliseconds. */
const RETRY_MS = 1_000;

/**
 * A store that may be away for a while. No call waits for it longer than the timeout; what was spent meanwhile is
 * kept, in bounded memory, and written when it is back.
 */
export class ResilientStore implements Store {
  readonly #inner: Store;
  readonly #options: ResilientStoreOptions;
  /** Reservations that were admitted without the store, with the budgets to charge. */
  readonly #adrift = new Map<string, readonly BudgetDefinition[]>();
  /** Charges of such reservations, summed by chain. */
  readonly #owed = new Map<string, { chain: readonly BudgetDefinition[]; used: Amounts }>();
  readonly #unsettled = new Map<string, Amounts>();
  #available = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(inner: Store, options: ResilientStoreOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    return this.#ask(
      () => this.#inner.reserve(chain, request),
      (error, answer) => {
        // Should it be taken after all, nobody knows of it.
        answer
          .then(({ admitted }) => (admitted ? this.#inner.release(request.id) : false))
          .catch(() => undefined);
        if (this.#options.failurePolicy === 'closed')
          throw new StoreUnavailableError(chain[0]?.name ?? '', error);
        this.#adrift.set(request.id, chain);
        return { admitted: true, outputCap: request.outputCap, reserved: NOTHING };
      },
    );
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    if (this.#adrift.has(id)) return true;
    return this.#ask(
      () => this.#inner.grow(chain, id, more),
      () => this.#options.failurePolicy === 'open',
    );
  }

  settle(id: string, used: Amounts, seen?: SeenBalances): MaybePromise<boolean> {
    const chain = this.#adrift.get(id);
    if (chain !== undefined) {
      this.#adrift.delete(id);
      this.#owe(chain, used);
      return true;
    }
    // Kept already: what comes after is a second time.
    if (this.#unsettled.has(id)) return false;
    return this.#ask(
      () => this.#inner.settle(id, used, seen),
      () => {
        if (this.#unsettled.size < MAX_KEPT) this.#unsettled.set(id, used);
        this.#retryLater();
        return true;
      },
    );
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
  }

  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    const chain = this.#adrift.get(id);
    if (chain !== undefined) {
      this.#adrift.delete(id);
      this.#adrift.set(to, chain);
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
        this.#owe(chain, used);
        // Written after all, later than was waited for: then it is not owed.
        written.then(() => this.#owe(chain, subtractAmounts(NOTHING, used))).catch(() => undefined);
      },
    );
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#ask(() => this.#inner.balances(budget), rethrow);
  }

  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void> {
    return this.#ask(() => this.#inner.heartbeat(ids, leaseMs), rethrow);
  }

  giveBack(): MaybePromise<void> {
    return this.#inner.giveBack?.();
  }

  endSync(timeoutMs: number): void {
    const { endSync } = this.#inner;
    if (endSync === undefined) return;
    // Begun once more, so that the store knows of them.
    for (const [id, used] of this.#unsettled)
      void ignoreRejection(attempt(() => this.#inner.settle(id, used)));
    endSync.call(this.#inner, timeoutMs);
  }

  /** @throws StoreError where the store is away: their leases end then */
  chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    return this.#within(Promise.resolve().then(() => this.#inner.chargeAbandoned(idPrefix)));
  }

  async close(): Promise<void> {
    await this.#writeKept().catch(() => undefined);
    clearTimeout(this.#timer);
    await this.#inner.close();
  }

  #owe(chain: readonly BudgetDefinition[], used: Amounts): void {
    if (used === NOTHING) return;
    const key = chain.map(({ name }) => name).join('\n');
    const owed = this.#owed.get(key);
    const sum = owed === undefined ? used : addAmounts(owed.used, used);
    if (sum.calls > 0 || sum.tokens > 0 || sum.costNanoUsd > 0) this.#owed.set(key, { chain, used: sum });
    else this.#owed.delete(key);
    this.#retryLater();
  }

  /** What the store answers, at once where it does; `failed` says what its failure is to the caller. */
  #ask<T>(ask: () => MaybePromise<T>, failed: (error: unknown, answer: Promise<T>) => T): MaybePromise<T> {
    const answer = attempt(ask);
    if (isPromise(answer)) return this.#within(answer).catch((error: unknown) => failed(error, answer));
    if (this.#options.answersAlone !== true) this.#tell(true);
    return answer;
  }

  async #within<T>(answer: T | Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const { timeoutMs } = this.#options;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new StoreError(`the store did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      const value = await Promise.race([answer, late]);
      this.#tell(true);
      return value;
    } catch (error) {
      this.#tell(false, error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(available: boolean, cause?: unknown): void {
    if (available === this.#available) return;
    this.#available = available;
    this.#options.onChange?.(available, cause);
    if (available) this.#retryLater(0);
  }

  #retryLater(afterMs = RETRY_MS): void {
    if (this.#owed.size === 0 && this.#unsettled.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writeKept().catch(() => this.#retryLater());
    }, afterMs).unref();
  }

  /** Writes what was kept; what fails again stays. A settlement is kept until it is known to be written. */
  async #writeKept(): Promise<void> {
    for (const [id, used] of [...this.#unsettled]) {
      await this.#within(this.#inner.settle(id, used));
      this.#unsettled.delete(id);
    }
    for (const [key, { chain, used }] of [...this.#owed]) {
      // Taken off first: a charge that is written late must not be written twice.
      this.#owed.delete(key);
      try {
        await this.#within(this.#inner.charge(chain, used));
      } catch (error) {
        this.#owe(chain, used);
        throw error;
      }
    }
  }
}

/** What is thrown at once is a rejection like any other. */
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
