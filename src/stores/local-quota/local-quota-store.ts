import {
  type Abandoned,
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type ChargeName,
  fixedWorstCase,
  NOTHING,
  type ReserveRequest,
  type Store,
} from '../../budget/index.ts';
import { BoundedMap, type MaybePromise } from '../../util/index.ts';
import { excessOver, isNothing, type RemoteStore } from './accounting/index.ts';
import { type LocalReservation, LocalReservations } from './local-reservations.ts';
import { maintainQuotas } from './maintenance.ts';
import { type LocalQuotaOptions, type LocalQuotaSettings, withDefaults } from './options.ts';
import { QuotaPool } from './quota-pool.ts';
import { RemoteAdmission, type RemoteReservations } from './remote-admission.ts';
import { reserveAfterReturn, returnIdleQuotas } from './return-quotas.ts';

/**
 * How many calls that are reserved on the remote store are remembered: those that are never settled stay
 * behind.
 */
const MAX_REMOTE_RESERVATIONS = 10_000;

/**
 * Keeps the round trip to a shared store off the call path. A *local quota*, a bounded part of the budgets of
 * a chain, is reserved there at once, under a lease that this process renews; calls spend from it without a
 * round trip. Quotas are reserved, settled and returned in the background. Single calls get none: it would be
 * returned unused.
 *
 * The invariant: what the calls of a quota used and reserve is never more than the quota holds, and what it
 * holds is reserved on the remote store from before its first call until it is settled. So
 * `settled + reserved <= limit` holds there for the calls themselves, whatever the number of processes. (As
 * in every store, a response may bill more than was reserved for it.)
 *
 * If a quota has too little left, the call is reserved on the remote store itself, by the rules for the whole
 * budgets. Since quotas shrink with what is left, the last calls of a budget all are. A call may then be
 * denied, or clamped, although quotas with open calls, here or in other processes, have something left: at
 * most their share of what was left when they were reserved, until these calls end.
 *
 * What others see of a quota is its reservation; what it has spent is settled within `maintenanceIntervalMs`
 * once none of its calls is open, or when it is used up. So a soft limit may be exceeded by what is in flight
 * in quotas, too.
 *
 * A process that dies leaves its quotas reserved until their leases end; then they are charged in full,
 * because their calls may have been billed. `close` settles them, and charges the calls that are still open
 * what they reserve; so does `settleAtExit`.
 */
export class LocalQuotaStore implements Store {
  readonly answersLocally = true;
  readonly #remote: RemoteStore;
  readonly #settings: LocalQuotaSettings;
  readonly #pool: QuotaPool;
  readonly #localReservations: LocalReservations;
  readonly #remoteReservations: RemoteReservations = new BoundedMap(MAX_REMOTE_RESERVATIONS);
  readonly #remoteAdmission: RemoteAdmission;
  readonly #chainKeys = new WeakMap<readonly BudgetDefinition[], string>();
  readonly #maintenanceTimer: NodeJS.Timeout | undefined;
  #maintenance: Promise<void> | undefined;

  /** @param remote the shared store; it is closed with this one */
  constructor(remote: RemoteStore, options: LocalQuotaOptions = {}) {
    this.#remote = remote;
    this.#settings = withDefaults(options);
    this.#pool = new QuotaPool(remote, this.#settings);
    this.#localReservations = new LocalReservations(this.#pool);
    this.#remoteAdmission = new RemoteAdmission(
      this.#pool,
      this.#localReservations,
      this.#remoteReservations,
    );
    const { maintenanceIntervalMs } = this.#settings;
    if (maintenanceIntervalMs > 0)
      this.#maintenanceTimer = setInterval(() => void this.maintain(), maintenanceIntervalMs).unref();
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    const chainQuotas = this.#pool.chains.of(this.#keyOf(chain), chain);
    const moment = this.#pool.known.moment();
    chainQuotas.countCall(moment.now, this.#settings.burstWindowMs);
    const local = chainQuotas.admit(request, this.#pool.known.of(chain, moment), moment);
    if (local === undefined) return this.#remoteAdmission.reserve(chainQuotas, request);
    this.#localReservations.add(request.id, local.reservation, chainQuotas);
    if (!chainQuotas.hasAmpleQuota()) void this.#pool.refill(chainQuotas, local.admission.reserved);
    return local.admission;
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    const reservation = this.#localReservations.get(id);
    if (reservation === undefined) {
      return reserveAfterReturn(this.#pool, chain, () =>
        this.#pool.known.during(chain, () => this.#remote.grow(chain, id, more)),
      );
    }
    const missing = excessOver(more, reservation.quota.free);
    this.#localReservations.grow(reservation, more);
    return isNothing(missing) || this.#growQuota(id, reservation, more, missing);
  }

  settle(id: string, used: Amounts): MaybePromise<boolean> {
    const reservation = this.#localReservations.get(id);
    if (reservation === undefined) return this.#changeRemote(id, () => this.#remote.settle(id, used));
    const isInTime = this.#pool.known.moment().now < reservation.leaseEnd;
    this.#localReservations.settle(id, isInTime ? used : reservation.amounts);
    return isInTime;
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
  }

  async transfer(id: string, to: string, leaseMs: number): Promise<boolean> {
    const reservation = this.#localReservations.get(id);
    if (reservation === undefined)
      return this.#changeRemote(id, () => this.#remote.transfer(id, to, leaseMs));
    const { amounts, chainQuotas } = reservation;
    const { chain } = chainQuotas;
    // Reserved remotely before it is freed here: for a moment twice, but never not at all.
    const request = { id: to, leaseMs, ...fixedWorstCase(amounts) };
    const reserve = async (): Promise<boolean> =>
      (await this.#pool.known.during(chain, () => this.#remote.reserve(chain, request))).admitted;
    let isTransferred = false;
    try {
      isTransferred = await reserveAfterReturn(this.#pool, chain, reserve);
    } finally {
      // If the remote store cannot pay for it, it is charged in full here.
      if (this.#localReservations.get(id) === reservation)
        this.#localReservations.settle(id, isTransferred ? NOTHING : amounts);
    }
    return isTransferred;
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void> {
    const chainQuotas = this.#pool.chains.of(this.#keyOf(chain), chain);
    const moment = this.#pool.known.moment();
    chainQuotas.touchedAt = moment.now;
    for (const quota of chainQuotas.usable(moment)) {
      const reservation = quota.reserve(used, 0, moment.now);
      if (reservation === undefined) continue;
      quota.settle(reservation, used, moment.now);
      return;
    }
    return this.#pool.known.during(chain, () => this.#remote.charge(chain, used));
  }

  chargeOnce(chain: readonly BudgetDefinition[], used: Amounts, name: ChargeName): Promise<number> {
    return this.#pool.known.during(chain, () => this.#remote.chargeOnce(chain, used, name));
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#pool.known.recent(budget, this.#settings.balancesMaxAgeMs) ?? this.#pool.balances(budget);
  }

  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void> {
    const { now } = this.#pool.known.moment();
    const remoteIds: string[] = [];
    for (const id of ids) {
      const reservation = this.#localReservations.get(id);
      if (reservation === undefined) remoteIds.push(id);
      else if (now < reservation.leaseEnd) {
        reservation.leaseEnd = Math.max(reservation.leaseEnd, now + leaseMs);
      }
    }
    if (remoteIds.length > 0) return this.#remote.heartbeat(remoteIds, leaseMs);
  }

  async chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    const local = this.#localReservations.chargeWhere((id) => id.startsWith(idPrefix));
    const remote = await this.#pool.known.during(undefined, () => this.#remote.chargeAbandoned(idPrefix));
    return [...local, ...remote];
  }

  /** Does what is otherwise done every `maintenanceIntervalMs`. Never rejects. */
  maintain(): Promise<void> {
    if (this.#pool.isClosed) return Promise.resolve();
    const { now } = this.#pool.known.moment();
    this.#localReservations.chargeWhere((_, { leaseEnd }) => now >= leaseEnd);
    this.#maintenance ??= maintainQuotas(this.#pool).finally(() => {
      this.#maintenance = undefined;
    });
    return this.#maintenance;
  }

  async close(): Promise<void> {
    if (this.#pool.isClosed) return;
    this.#pool.isClosed = true;
    clearInterval(this.#maintenanceTimer);
    await this.#maintenance;
    await this.#pool.settleAll();
    this.#localReservations.clear();
    await this.#remote.close();
  }

  async returnUnused(): Promise<void> {
    // Those with open calls are returned when these end.
    for (const quota of this.#pool.quotas()) if (quota.open > 0) quota.drain();
    await this.#pool.untilAtRest();
    await returnIdleQuotas(
      this.#pool,
      [...this.#pool.chains.all()].flatMap(({ chain }) => chain),
    );
  }

  settleAtExit(timeoutMs: number): boolean {
    if (this.#pool.isClosed) return true;
    this.#pool.startSettlingAll();
    this.#localReservations.clear();
    return this.#remote.settleAtExit?.(timeoutMs) ?? true;
  }

  /** Ends a reservation that is on the remote store itself. */
  #changeRemote<T>(id: string, change: () => MaybePromise<T>): Promise<T> {
    return this.#pool.known.during(this.#remoteReservations.take(id), change);
  }

  /** Reserves what its quota is missing for a call that grew. */
  async #growQuota(
    id: string,
    reservation: LocalReservation,
    more: Amounts,
    missing: Amounts,
  ): Promise<boolean> {
    let isGrown = false;
    try {
      const { quota } = reservation;
      isGrown = await reserveAfterReturn(this.#pool, quota.chain, () => this.#pool.grow(quota, missing));
    } finally {
      if (!isGrown && this.#localReservations.get(id) === reservation)
        this.#localReservations.shrink(reservation, more);
    }
    return isGrown;
  }

  #keyOf(chain: readonly BudgetDefinition[]): string {
    let key = this.#chainKeys.get(chain);
    if (key === undefined) {
      key = JSON.stringify(chain.map(({ parent: _, ...budget }) => budget));
      this.#chainKeys.set(chain, key);
    }
    return key;
  }
}
