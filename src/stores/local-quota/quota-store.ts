import {
  type Abandoned,
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  fixedCost,
  NOTHING,
  type ReserveRequest,
  type Store,
} from '../../budget/index.ts';
import { BoundedMap, type MaybePromise } from '../../util/index.ts';
import { excess, isNothing } from './accounting/index.ts';
import { type OpenCall, OpenCalls } from './active-calls.ts';
import { maintain } from './maintenance.ts';
import type { LocalQuotaOptions } from './options.ts';
import { Bank, type RemoteStore } from './quota-pool.ts';
import { RemoteAdmission } from './remote-admission.ts';
import { giveBack, givingBack } from './return-quotas.ts';

export type { LocalQuotaOptions };

/** How many calls that are reserved on the remote store are remembered: no more than that are left behind unsettled. */
const MOST_DIRECT_CALLS = 10_000;

/**
 * Keeps the round trip to a shared store off the call path. A *slice*, a bounded part of the budgets of a chain, is reserved there at
 * once, under a lease that this process renews; calls spend it here, and are answered at once. Slices are taken, settled and given
 * back in the background. For calls that come alone none is taken: it would be given back unused.
 *
 * The invariant: what the calls of a slice used and hold is never more than the slice holds, and what it holds is reserved on the remote
 * store from before its first call until it is settled. So `settled + reserved <= limit` there is the same for the calls themselves,
 * whatever the number of processes. (As in every store, an answer may bill more than was reserved for it.)
 *
 * Where a slice has too little, the call is reserved on the remote store itself, by the rules for the whole budgets. As slices shrink
 * with what is left, the last calls of a budget all are. A call may then be refused, or clamped, though slices with open calls, here or
 * in other processes, have something left: at most their share of what was left when they were taken, until these calls end.
 *
 * What others see of a slice is its reservation; what it has spent is settled within `everyMs` once none of its calls is open, or
 * when it is used up. A soft limit is therefore passed by what is under way in slices as well.
 *
 * A process that dies leaves its slices reserved until their leases end; then they are charged in full, as their calls may have been
 * billed. `close` settles them, and charges the calls that are still open with what they reserved; so does `endSync`.
 */
export class LocalQuotaStore implements Store {
  readonly #remote: RemoteStore;
  readonly #bank: Bank;
  readonly #open: OpenCalls;
  readonly #direct = new BoundedMap<string, readonly BudgetDefinition[]>(MOST_DIRECT_CALLS);
  readonly #admission: RemoteAdmission;
  readonly #keys = new WeakMap<readonly BudgetDefinition[], string>();
  readonly #soonMs: number;
  readonly #balancesMaxAgeMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #maintaining: Promise<void> | undefined;

  /** @param remote the shared store; it is closed with this one */
  constructor(remote: RemoteStore, options: LocalQuotaOptions = {}) {
    const {
      maxQuotaShare: share = 1 / 16,
      prefetchCalls: ahead = 4,
      leaseMs = 30_000,
      maintenanceIntervalMs: everyMs = Math.min(500, leaseMs / 5),
      idleMs = 15_000,
      pauseMs = 1_000,
    } = options;
    this.#remote = remote;
    this.#bank = new Bank(remote, { share, ahead, leaseMs, idleMs, pauseMs }, options.clock);
    this.#open = new OpenCalls(this.#bank);
    this.#admission = new RemoteAdmission(this.#bank, this.#open, this.#direct);
    this.#soonMs = options.burstWindowMs ?? idleMs;
    this.#balancesMaxAgeMs = options.balancesMaxAgeMs ?? 500;
    if (everyMs > 0) this.#timer = setInterval(() => void this.maintain(), everyMs).unref();
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    const line = this.#bank.lines.of(this.#keyOf(chain), chain);
    const moment = this.#bank.moment();
    line.call(moment.now, this.#soonMs);
    const local = line.admit(request, this.#bank.seen(chain, moment), moment);
    if (local === undefined) return this.#admission.reserve(line, request);
    this.#open.open(request.id, local.reservation, line);
    if (!line.hasSpare()) void this.#bank.refill(line, local.admission.reserved);
    return local.admission;
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    const reservation = this.#open.get(id);
    if (reservation === undefined) {
      return givingBack(this.#bank, chain, () =>
        this.#bank.direct(chain, () => this.#remote.grow(chain, id, more)),
      );
    }
    const { slice } = reservation;
    const missing = excess(more, slice.free);
    this.#open.hold(reservation, more);
    return isNothing(missing) || this.#growSlice(id, reservation, more, missing);
  }

  settle(id: string, used: Amounts): MaybePromise<boolean> {
    const reservation = this.#open.get(id);
    if (reservation === undefined)
      return this.#bank.direct(this.#direct.take(id), () => this.#remote.settle(id, used));
    const inTime = this.#bank.moment().now < reservation.leaseEnd;
    this.#open.settle(id, inTime ? used : reservation.amounts);
    return inTime;
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
  }

  async transfer(id: string, to: string, leaseMs: number): Promise<boolean> {
    const reservation = this.#open.get(id);
    if (reservation === undefined)
      return this.#bank.direct(this.#direct.take(id), () => this.#remote.transfer(id, to, leaseMs));
    const { amounts, line } = reservation;
    // Reserved there before it is freed here: twice for a moment, never not at all.
    const request = { id: to, leaseMs, ...fixedCost(amounts) };
    const reserve = async (): Promise<boolean> =>
      (await this.#bank.direct(line.chain, () => this.#remote.reserve(line.chain, request))).admitted;
    let handed = false;
    try {
      handed = await givingBack(this.#bank, line.chain, reserve);
    } finally {
      // Where that cannot be paid for, it is charged in full here.
      if (this.#open.get(id) === reservation) this.#open.settle(id, handed ? NOTHING : amounts);
    }
    return handed;
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void> {
    const line = this.#bank.lines.of(this.#keyOf(chain), chain);
    const moment = this.#bank.moment();
    line.touchedAt = moment.now;
    for (const slice of line.usable(moment)) {
      const reservation = slice.take(used, 0, moment.now);
      if (reservation === undefined) continue;
      slice.settle(reservation, used, moment.now);
      return;
    }
    return this.#bank.direct(chain, () => this.#remote.charge(chain, used));
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return this.#bank.known(budget, this.#balancesMaxAgeMs) ?? this.#bank.balances(budget);
  }

  heartbeat(ids: readonly string[], leaseMs: number): MaybePromise<void> {
    const { now } = this.#bank.moment();
    const others: string[] = [];
    for (const id of ids) {
      const reservation = this.#open.get(id);
      if (reservation === undefined) others.push(id);
      else if (now < reservation.leaseEnd) {
        reservation.leaseEnd = Math.max(reservation.leaseEnd, now + leaseMs);
      }
    }
    if (others.length > 0) return this.#remote.heartbeat(others, leaseMs);
  }

  async chargeAbandoned(idPrefix: string): Promise<readonly Abandoned[]> {
    const here = this.#open.chargeWhere((id) => id.startsWith(idPrefix));
    const there = await this.#bank.direct(undefined, () => this.#remote.chargeAbandoned(idPrefix));
    return [...here, ...there];
  }

  /** What is otherwise done every `everyMs`. Never rejects. */
  maintain(): Promise<void> {
    if (this.#bank.closed) return Promise.resolve();
    const { now } = this.#bank.moment();
    this.#open.chargeWhere((_, { leaseEnd }) => now >= leaseEnd);
    this.#maintaining ??= maintain(this.#bank).finally(() => {
      this.#maintaining = undefined;
    });
    return this.#maintaining;
  }

  async close(): Promise<void> {
    if (this.#bank.closed) return;
    this.#bank.closed = true;
    clearInterval(this.#timer);
    await this.#maintaining;
    await this.#bank.endAll();
    this.#open.clear();
    await this.#remote.close();
  }

  async returnUnused(): Promise<void> {
    await this.#bank.atRest();
    await giveBack(
      this.#bank,
      [...this.#bank.lines.all()].flatMap(({ chain }) => chain),
    );
  }

  settleAtExit(timeoutMs: number): void {
    if (this.#bank.closed) return;
    this.#bank.closed = true;
    clearInterval(this.#timer);
    this.#bank.beginToEndAll();
    this.#open.clear();
    this.#remote.settleAtExit?.(timeoutMs);
  }

  async #growSlice(id: string, reservation: OpenCall, more: Amounts, missing: Amounts): Promise<boolean> {
    let grown = false;
    try {
      const { slice } = reservation;
      grown = await givingBack(this.#bank, slice.chain, () => this.#bank.grow(slice, missing));
    } finally {
      if (!grown && this.#open.get(id) === reservation) this.#open.drop(reservation, more);
    }
    return grown;
  }

  #keyOf(chain: readonly BudgetDefinition[]): string {
    let key = this.#keys.get(chain);
    if (key === undefined) {
      key = JSON.stringify(chain.map(({ parent: _, ...budget }) => budget));
      this.#keys.set(chain, key);
    }
    return key;
  }
}
