import { type Balances, type BudgetDefinition, type Store, windowOf } from '../../../budget/index.ts';
import { InFlightChanges } from './in-flight-changes.ts';
import { LedgerView } from './ledger-view.ts';
import { QuotaTotals } from './quota-totals.ts';

/** The shared store that quotas are reserved on. */
export interface RemoteStore extends Store {
  /** What the store's clock shows, milliseconds since the epoch; default: the local one. */
  now?(): number;
}

/** A moment, by the local clock and by the remote store's, milliseconds. */
export interface Moment {
  readonly now: number;
  readonly remoteNow: number;
}

/** A budget of a chain, as the chain defines it, and what is known of its balances. */
export interface KnownBudget {
  readonly budget: BudgetDefinition;
  readonly view: LedgerView;
}

/** The balances of the remote store, as far as this process knows them. */
export class KnownBalances {
  readonly #remote: RemoteStore;
  readonly #elapsed: () => number;
  readonly #views = new Map<string, LedgerView>();
  readonly #totals = new Map<string, QuotaTotals>();
  readonly #changes = new InFlightChanges();
  /** Whether the remote store did not answer when its balances were read last. */
  isUnavailable = false;

  /** @param elapsed a clock of elapsed time, milliseconds */
  constructor(remote: RemoteStore, elapsed: () => number) {
    this.#remote = remote;
    this.#elapsed = elapsed;
  }

  /** Returns the present moment. */
  moment(): Moment {
    return { now: this.#elapsed(), remoteNow: this.#remote.now?.() ?? Date.now() };
  }

  /** Returns the budgets of a chain in their present windows; fewer if one is not known. */
  of(chain: readonly BudgetDefinition[], { remoteNow }: Moment): KnownBudget[] {
    return chain.flatMap((budget) => {
      const view = this.#views.get(budget.name);
      return view === undefined || remoteNow >= view.windowEnd ? [] : [{ budget, view }];
    });
  }

  /**
   * Returns the balances of a budget if they are known well enough: they include our quotas, and are recent.
   */
  recent(budget: BudgetDefinition, maxAgeMs: number): Balances | undefined {
    const moment = this.moment();
    const view = this.of([budget], moment)[0]?.view;
    const isFresh = view?.freshAt !== undefined && moment.now - view.freshAt < maxAgeMs;
    return isFresh && view.hasQuotas ? view.balances() : undefined;
  }

  /** Reads the balances of a budget from the remote store. */
  async refresh(budget: BudgetDefinition): Promise<LedgerView> {
    const isUndisturbed = this.#changes.observe(budget);
    const { now } = this.moment();
    const raw = await this.#readBalances(budget);
    const view = this.viewOf(budget, raw, isUndisturbed() ? now : undefined);
    this.#views.set(budget.name, view);
    return view;
  }

  /** Returns the balances that the remote store answered, with our quotas counted by their calls. */
  viewOf(budget: BudgetDefinition, raw: Balances, freshAt?: number): LedgerView {
    const { start, end } = windowOf(budget.window, budget.window === undefined ? 0 : raw.startedAt);
    return new LedgerView(raw, end, this.#totalsOf(budget.name, start), freshAt);
  }

  /**
   * Starts a change to remote balances; the returned function ends it.
   * @param chain the budgets that it changes; undefined if they are not known
   */
  startChange(chain: readonly BudgetDefinition[] | undefined): () => void {
    return this.#changes.start(chain);
  }

  /**
   * Makes a change to remote balances that is not one of a quota's, after which they have to be read again.
   * @param chain the budgets that it changes; undefined if they are not known
   */
  async during<T>(chain: readonly BudgetDefinition[] | undefined, change: () => T | Promise<T>): Promise<T> {
    const end = this.startChange(chain);
    try {
      return await change();
    } finally {
      end();
      this.markStale(chain);
    }
  }

  /** Marks the balances of a chain, or all if it is undefined, as changed since they were read. */
  markStale(chain: readonly BudgetDefinition[] | undefined): void {
    const views = chain?.map(({ name }) => this.#views.get(name)) ?? this.#views.values();
    for (const view of views) if (view !== undefined) view.freshAt = undefined;
  }

  /** Forgets a budget that is in no chain any more. */
  forget(name: string): void {
    this.#changes.forget(name);
    this.#totals.delete(name);
    this.#views.delete(name);
  }

  async #readBalances(budget: BudgetDefinition): Promise<Balances> {
    try {
      const balances = await this.#remote.balances(budget);
      this.isUnavailable = false;
      return balances;
    } catch (error) {
      this.isUnavailable = true;
      throw error;
    }
  }

  #totalsOf(name: string, windowStart: number): QuotaTotals {
    const known = this.#totals.get(name);
    if (known?.windowStart === windowStart) return known;
    const totals = new QuotaTotals(windowStart);
    // The answer may be late, and of a window that is over.
    if (known === undefined || known.windowStart < windowStart) this.#totals.set(name, totals);
    return totals;
  }
}
