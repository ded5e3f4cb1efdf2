import { randomUUID } from 'node:crypto';
import {
  type Amounts,
  type Balances,
  type BudgetDefinition,
  fixedWorstCase,
  NOTHING,
} from '../../budget/index.ts';
import {
  excessOver,
  isNothing,
  KnownBalances,
  type RemoteStore,
  UnconfirmedQuotas,
} from './accounting/index.ts';
import { ChainIndex } from './chain-index.ts';
import type { ChainQuotas } from './chain-quotas.ts';
import type { LocalQuotaSettings } from './options.ts';
import { Quota } from './quota.ts';
import { quotaSize } from './quota-size.ts';

/** The share of a lease that is trusted; the rest is for clocks that run at different speeds. */
export const TRUSTED_LEASE_SHARE = 0.9;

/** How often balances are read again because they changed meanwhile. */
const MAX_REREADS = 2;

/** How many quotas of a chain may wait to be settled before no more are reserved. */
const MAX_SETTLING = 16;

/** The quotas of this process: reserves them on the remote store, and settles them. */
export class QuotaPool {
  readonly remote: RemoteStore;
  readonly settings: LocalQuotaSettings;
  readonly chains = new ChainIndex();
  readonly known: KnownBalances;
  /** Whether no more quotas are reserved. */
  isClosed = false;
  readonly #unconfirmed: UnconfirmedQuotas;
  /** How often all quotas were settled, those included that were being reserved. */
  #endings = 0;

  constructor(remote: RemoteStore, settings: LocalQuotaSettings) {
    this.remote = remote;
    this.settings = settings;
    this.known = new KnownBalances(remote, settings.clock);
    this.#unconfirmed = new UnconfirmedQuotas(remote);
  }

  /**
   * Returns the balances of a budget, read while no quota of it is in flight if that can be achieved soon.
   */
  async balances(budget: BudgetDefinition): Promise<Balances> {
    for (let rereads = 0; ; rereads += 1) {
      await this.untilAtRest(budget);
      const view = await this.known.refresh(budget);
      if (view.freshAt !== undefined || rereads === MAX_REREADS) return view.balances();
    }
  }

  /** Waits for the quotas that are being reserved or settled, of one budget or of all. */
  async untilAtRest(of?: BudgetDefinition): Promise<void> {
    for (const chain of of === undefined ? this.chains.all() : this.chains.with(of)) {
      // Of the many chains that may share a budget, most have nothing in flight.
      if (chain.refill !== undefined) await chain.refill;
      for (const { settlement } of chain.quotas) if (settlement !== undefined) await settlement;
    }
  }

  /**
   * Reserves a quota in the background, unless one is being reserved. Never rejects.
   * @param need what one call reserves
   */
  refill(chain: ChainQuotas, need: Amounts): Promise<void> {
    chain.need = need;
    if (chain.refill !== undefined) return chain.refill;
    if (this.isClosed || this.settings.clock() < chain.pausedUntil) return Promise.resolve();
    let settling = 0;
    for (const { state } of chain.quotas) if (state === 'settling') settling += 1;
    if (settling >= MAX_SETTLING) return Promise.resolve();
    chain.refill = this.#reserveQuota(chain, need)
      .catch(() => false)
      .then((isReserved) => {
        if (!isReserved) this.pauseRefills(chain);
        chain.refill = undefined;
      });
    return chain.refill;
  }

  /** Reserves no quotas of a chain for a while. */
  pauseRefills(chain: ChainQuotas): void {
    chain.pausedUntil = this.settings.clock() + this.settings.pauseMs;
  }

  /** Reserves more for a quota, if the budgets can pay for it. */
  async grow(quota: Quota, more: Amounts): Promise<boolean> {
    const endChange = this.known.startChange(quota.chain);
    try {
      const isGrown = await this.remote.grow(quota.chain, quota.id, more);
      if (isGrown) quota.grow(more);
      return isGrown;
    } finally {
      endChange();
    }
  }

  /** Settles a quota that has no open calls. If that fails it is tried again later. Never rejects. */
  async settle(chain: ChainQuotas, quota: Quota): Promise<void> {
    if (quota.open > 0 || quota.state === 'settled') return;
    quota.startSettling();
    quota.settlement ??= this.#settleOnce(chain, quota).finally(() => {
      quota.settlement = undefined;
    });
    await quota.settlement;
  }

  /**
   * Settles all quotas. Their open calls are charged what they reserve, since they will not be settled any
   * more.
   */
  async settleAll(): Promise<void> {
    const chains = [...this.chains.all()];
    await Promise.all(chains.map(({ refill }) => refill));
    const settle = async (chain: ChainQuotas, quota: Quota): Promise<void> => {
      await quota.settlement;
      quota.chargeOpen();
      await this.settle(chain, quota);
    };
    await Promise.all(chains.flatMap((chain) => [...chain.quotas].map((quota) => settle(chain, quota))));
    await this.releaseUnconfirmed();
  }

  /**
   * Starts to settle all quotas, and to release those that may be reserved, without waiting. If the process lives on, it
   * reserves others.
   */
  startSettlingAll(): void {
    this.#endings += 1;
    for (const chain of this.chains.all()) {
      for (const quota of chain.quotas) {
        quota.chargeOpen();
        // The exit may settle it twice, and the second answer does not say what the first one did.
        quota.mayBeSettled = true;
        void this.settle(chain, quota);
      }
    }
    this.#unconfirmed.startReleasingAll();
  }

  /** Forgets a chain that is not used any more. */
  forget(chain: ChainQuotas): void {
    for (const name of this.chains.remove(chain)) this.known.forget(name);
  }

  /** Returns the quotas of all chains. */
  *quotas(): Generator<Quota> {
    for (const chain of this.chains.all()) yield* chain.quotas;
  }

  /** Releases quotas that may be reserved although their reserve failed. Never rejects. */
  releaseUnconfirmed(): Promise<void> {
    return this.#unconfirmed.releaseFailed();
  }

  /** Returns whether a quota was reserved. */
  async #reserveQuota(chain: ChainQuotas, need: Amounts): Promise<boolean> {
    const budgets = await Promise.all(
      chain.chain.map(async (budget) => ({ budget, view: await this.known.refresh(budget) })),
    );
    const { maxQuotaShare, prefetchCalls, leaseMs, clock } = this.settings;
    const calls = Math.max(prefetchCalls, 4 * chain.open, chain.rate.perSecond(clock()));
    const size = quotaSize(budgets, need, { calls, maxShare: maxQuotaShare });
    if (size === undefined || isNothing(size)) return false;
    const id = `quota:${randomUUID()}`;
    const { now } = this.known.moment();
    const endings = this.#endings;
    if (!(await this.#reserveRemotely(chain, id, size))) return false;
    if (endings !== this.#endings) {
      // It was released meanwhile, unless that was too early.
      await this.remote.settle(id, NOTHING);
      return false;
    }
    const quota = new Quota({
      id,
      chain: chain.chain,
      totals: budgets.map(({ view }) => view.totals),
      windowEnd: Math.min(...budgets.map(({ view }) => view.windowEnd)),
      held: size,
      validUntil: now + leaseMs * TRUSTED_LEASE_SHARE,
      now,
    });
    // The chain may have been forgotten meanwhile.
    const present = this.chains.of(chain.key, chain.chain);
    present.quotas.add(quota);
    if (!quota.isUsable(this.known.moment().remoteNow)) {
      // A window ended meanwhile, and the quota may be reserved in the one before or in the one after.
      await this.settle(present, quota);
      return false;
    }
    return true;
  }

  async #reserveRemotely({ chain }: ChainQuotas, id: string, size: Amounts): Promise<boolean> {
    const request = { id, leaseMs: this.settings.leaseMs, ...fixedWorstCase(size) };
    const endChange = this.known.startChange(chain);
    try {
      const { admitted } = await this.#unconfirmed.untilAnswered(id, this.remote.reserve(chain, request));
      return admitted;
    } finally {
      endChange();
    }
  }

  async #settleOnce(chain: ChainQuotas, quota: Quota): Promise<void> {
    const endChange = this.known.startChange(quota.chain);
    try {
      const isSettled = await this.remote.settle(quota.id, quota.used);
      if (!isSettled) {
        this.known.markStale(quota.chain);
        // Its lease ended and it was charged in full. Responses that billed more than was reserved may exceed
        // that.
        const beyond = excessOver(quota.used, quota.held);
        if (!quota.mayBeSettled && !isNothing(beyond)) {
          const name = { source: quota.id, after: 0, position: 1, at: this.known.moment().remoteNow };
          await this.remote.chargeOnce(quota.chain, beyond, name);
        }
      }
      quota.state = 'settled';
      chain.quotas.delete(quota);
    } catch {
      quota.mayBeSettled = true;
    } finally {
      endChange();
    }
  }
}
