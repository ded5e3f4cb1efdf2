import type { BudgetDefinition } from '../../budget/index.ts';
import { mapWithConcurrency } from '../../util/index.ts';
import { isNothing, type Moment } from './accounting/index.ts';
import type { ChainQuotas } from './chain-quotas.ts';
import type { Quota } from './quota.ts';
import { type QuotaPool, TRUSTED_LEASE_SHARE } from './quota-pool.ts';
import { isTooLarge } from './quota-size.ts';

/** How old the balances of a budget with quotas may become before they are read again, milliseconds. */
const MAX_AGE_MS = 1_000;

/** The same if no call came meanwhile: then they only show whether others need what the quotas hold. */
const IDLE_MAX_AGE_MS = 5_000;

/** How many chains are maintained at once: one after another, many would take longer than their leases. */
const CONCURRENCY = 32;

type Refresh = (budget: BudgetDefinition) => Promise<unknown>;

/** Renews leases, settles quotas that are done, returns those that are unused or too large. Never rejects. */
export async function maintainQuotas(pool: QuotaPool): Promise<void> {
  const moment = pool.known.moment();
  await Promise.all([renewLeases(pool, moment), pool.releaseUnconfirmed()]);
  const refresh = refreshOnce(pool);
  await mapWithConcurrency([...pool.chains.all()], CONCURRENCY, async (chain) => {
    await maintainChain(pool, chain, moment, refresh);
    const quietMs = moment.now - chain.touchedAt;
    const isUsed = chain.quotas.size > 0 || chain.refill !== undefined || quietMs < 2 * pool.settings.idleMs;
    if (!isUsed) pool.forget(chain);
  });
}

/** Returns a function that reads each budget once, however many chains it is in. It never rejects. */
function refreshOnce(pool: QuotaPool): Refresh {
  const reads = new Map<string, Promise<unknown>>();
  return (budget) => {
    const read = reads.get(budget.name) ?? pool.known.refresh(budget).catch(() => undefined);
    reads.set(budget.name, read);
    return read;
  };
}

async function maintainChain(
  pool: QuotaPool,
  chainQuotas: ChainQuotas,
  moment: Moment,
  refresh: Refresh,
): Promise<void> {
  const { chain, quotas, touchedAt } = chainQuotas;
  if (quotas.size === 0) return;
  const maxAgeMs = moment.now - touchedAt >= MAX_AGE_MS ? IDLE_MAX_AGE_MS : MAX_AGE_MS;
  const fresh = new Set<BudgetDefinition>();
  for (const { budget, view } of pool.known.of(chain, moment)) {
    if (view.freshAt !== undefined && moment.now - view.freshAt < maxAgeMs) fresh.add(budget);
  }
  await Promise.all(chain.filter((budget) => !fresh.has(budget)).map(refresh));
  // What its quotas hold is all that this process has to spend until the remote store is back.
  if (pool.known.isUnavailable) return;
  for (const quota of [...quotas]) await maintainQuota(pool, chainQuotas, quota, moment);
}

async function maintainQuota(
  pool: QuotaPool,
  chainQuotas: ChainQuotas,
  quota: Quota,
  moment: Moment,
): Promise<void> {
  const { idleMs, maxQuotaShare } = pool.settings;
  if (quota.isUsable(moment.remoteNow)) {
    const isIdle = quota.open === 0 && moment.now - quota.touchedAt > idleMs;
    const budgets = pool.known.of(chainQuotas.chain, moment);
    if (isIdle || isTooLarge(budgets, quota.free, maxQuotaShare)) {
      quota.state = 'draining';
    } else if (quota.open === 0 && !isNothing(quota.used)) {
      // Settled so that others see what was spent. Another quota takes its place.
      const { need } = chainQuotas;
      if (need !== undefined && !chainQuotas.hasAmpleQuota(quota)) await pool.refill(chainQuotas, need);
      if (pool.known.isUnavailable) return;
      quota.state = 'draining';
    }
  }
  if (quota.state !== 'active') await pool.settle(chainQuotas, quota);
}

async function renewLeases(pool: QuotaPool, { now }: Moment): Promise<void> {
  const { leaseMs } = pool.settings;
  const due = [...pool.quotas()].filter(({ validUntil }) => validUntil - now < leaseMs * (2 / 3));
  if (due.length === 0) return;
  try {
    await pool.remote.heartbeat(
      due.map(({ id }) => id),
      leaseMs,
    );
  } catch {
    return;
  }
  const answeredAt = pool.known.moment().now;
  for (const quota of due) {
    // Answered before the lease was over, so it was renewed before that.
    if (answeredAt < quota.validUntil)
      quota.validUntil = Math.max(quota.validUntil, now + leaseMs * TRUSTED_LEASE_SHARE);
  }
}
