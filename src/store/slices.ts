import {
  type Abandoned,
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type Denied,
  type MaybePromise,
  NOTHING,
  type ReserveRequest,
  type Store,
  subtractAmounts,
  worstCase,
} from '../budget/index.ts';
import { excess, isNothing } from './slices/amounts.ts';
import { Bank, type RemoteStore } from './slices/bank.ts';
import { DirectCalls } from './slices/direct-calls.ts';
import { maintain } from './slices/keeper.ts';
import type { Line } from './slices/line.ts';
import { type OpenCall, OpenCalls } from './slices/open-calls.ts';
import type { SlicedStoreOptions } from './slices/options.ts';

export type { SlicedStoreOptions };

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
export class SlicedStore implements Store {
  readonly #remote: RemoteStore;
  readonly #bank: Bank;
  readonly #open: OpenCalls;
  readonly #direct = new DirectCalls();
  readonly #keys = new WeakMap<readonly BudgetDefinition[], string>();
  readonly #soonMs: number;
  readonly #balancesMaxAgeMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #maintaining: Promise<void> | undefined;
  #closed = false;

  /** @param remote the shared store; it is closed with this one */
  constructor(remote: RemoteStore, options: SlicedStoreOptions = {}) {
    const {
      share = 1 / 16,
      ahead = 4,
      leaseMs = 30_000,
      everyMs = Math.min(500, leaseMs / 5),
      idleMs = 15_000,
      pauseMs = 1_000,
    } = options;
    this.#remote = remote;
    this.#bank = new Bank(remote, { share, ahead, leaseMs, idleMs, pauseMs }, options.clock);
    this.#open = new OpenCalls(this.#bank);
    this.#soonMs = options.soonMs ?? idleMs;
    this.#balancesMaxAgeMs = options.balancesMaxAgeMs ?? 500;
    if (everyMs > 0) this.#timer = setInterval(() => void this.maintain(), everyMs).unref();
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    const line = this.#bank.line(this.#keyOf(chain), chain);
    const moment = this.#bank.moment();
    line.call(moment.now, this.#soonMs);
    const local = line.admit(request, this.#bank.seen(chain, moment), moment);
    if (local === undefined) return this.#ask(line, request);
    this.#open.open(request.id, local.reservation, line);
    if (!line.hasSpare()) void this.#bank.refill(line, local.admission.reserved);
    return local.admission;
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    const reservation = this.#open.get(id);
    if (reservation === undefined) {
      return this.#givingBack(chain, () =>
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
      return this.#bank.direct(this.#direct.end(id), () => this.#remote.settle(id, used));
    const inTime = this.#bank.moment().now < reservation.leaseEnd;
    this.#open.settle(id, inTime ? used : reservation.amounts);
    return inTime;
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
  }

  async handOver(id: string, to: string, leaseMs: number): Promise<boolean> {
    const reservation = this.#open.get(id);
    if (reservation === undefined)
      return this.#bank.direct(this.#direct.end(id), () => this.#remote.handOver(id, to, leaseMs));
    const { amounts, line } = reservation;
    // Reserved there before it is freed here: twice for a moment, never not at all.
    const request = {
      id: to,
      leaseMs,
      fixed: amounts,
      outputPicoUsd: 0,
      choices: 1,
      outputCap: 0,
      capped: true,
    };
    const reserve = async (): Promise<boolean> =>
      (await this.#bank.direct(line.chain, () => this.#remote.reserve(line.chain, request))).admitted;
    let handed = false;
    try {
      handed = await this.#givingBack(line.chain, reserve);
    } finally {
      // Where that cannot be paid for, it is charged in full here.
      if (this.#open.get(id) === reservation) this.#open.settle(id, handed ? NOTHING : amounts);
    }
    return handed;
  }

  charge(chain: readonly BudgetDefinition[], used: Amounts): MaybePromise<void> {
    const line = this.#bank.line(this.#keyOf(chain), chain);
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
    if (this.#closed) return Promise.resolve();
    const { now } = this.#bank.moment();
    this.#open.chargeWhere((_, { leaseEnd }) => now >= leaseEnd);
    this.#maintaining ??= maintain(this.#bank).finally(() => {
      this.#maintaining = undefined;
    });
    return this.#maintaining;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#maintaining;
    await this.#bank.endAll();
    this.#open.clear();
    await this.#remote.close();
  }

  async giveBack(): Promise<void> {
    await this.#bank.atRest();
    await this.#giveBack([...this.#bank.lines.values()].flatMap(({ chain }) => chain));
  }

  endSync(timeoutMs: number): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#bank.beginToEndAll();
    this.#open.clear();
    this.#remote.endSync?.(timeoutMs);
  }

  /** Reserves on the remote store, and takes a slice for the calls after this one. */
  async #ask(line: Line, request: ReserveRequest): Promise<Admission> {
    const { chain } = line;
    const ask = (): Promise<Admission> =>
      this.#bank.direct(chain, () => this.#remote.reserve(chain, request));
    this.#direct.open(request.id, chain);
    let answer = await ask();
    if (answer.admitted && this.#reached(line, request) !== undefined) {
      // Perhaps the limit was raised, or the budget reset, since it was looked at.
      await Promise.all(chain.map((budget) => this.#bank.look(budget)));
      const reached = this.#reached(line, request);
      if (reached !== undefined) return this.#withdrawn(request, reached);
    }
    if (asAsked(answer, request)) {
      if (answer.admitted && line.repeated && !this.#closed) void this.#bank.refill(line, answer.reserved);
      return answer;
    }
    this.#bank.pause(line);
    // What our own slices hold idle may pay for it.
    const given = await this.#giveBack(chain);
    if (answer.admitted) return given ? this.#unclamped(chain, request, answer) : answer;
    if (given) answer = await ask();
    if (answer.admitted) return answer;
    this.#direct.end(request.id);
    const local = this.#fromRest(line, request, answer);
    if (local !== undefined) return local;
    return { ...answer, balances: this.#bank.view(answer.budget, answer.balances).balances() };
  }

  #reached(line: Line, request: ReserveRequest): Denied | undefined {
    const moment = this.#bank.moment();
    return line.reached(request, this.#bank.seen(line.chain, moment), moment);
  }

  /** Takes back what the remote store admitted, not knowing what our slices have spent. */
  async #withdrawn(request: ReserveRequest, denied: Denied): Promise<Denied> {
    await this.#bank.direct(this.#direct.end(request.id), () => this.#remote.release(request.id));
    return { ...denied, balances: await this.#bank.balances(denied.budget) };
  }

  /** The whole cap for a call that was clamped, where it fits by now. */
  async #unclamped(
    chain: readonly BudgetDefinition[],
    request: ReserveRequest,
    clamped: Extract<Admission, { admitted: true }>,
  ): Promise<Admission> {
    const { outputCap } = request;
    const reserved = worstCase(request, outputCap);
    const more = subtractAmounts(reserved, clamped.reserved);
    const grown = await this.#bank
      .direct(chain, () => this.#remote.grow(chain, request.id, more))
      .catch(() => false);
    return grown ? { admitted: true, outputCap, reserved } : clamped;
  }

  /** What slices with open calls have left, for a call that the remote store cannot pay for. */
  #fromRest(line: Line, request: ReserveRequest, denied: Denied): Admission | undefined {
    if (denied.budget.mode !== 'strict' || denied.limit === 'minutes') return undefined;
    const moment = this.#bank.moment();
    const local = line.admitRest(request, this.#bank.seen(line.chain, moment), moment);
    if (local === undefined) return undefined;
    this.#open.open(request.id, local.reservation, line);
    return local.admission;
  }

  /** Tries again where it does not fit, once our own slices hold nothing idle. */
  async #givingBack(chain: readonly BudgetDefinition[], grow: () => Promise<boolean>): Promise<boolean> {
    return (await grow()) || ((await this.#giveBack(chain)) && grow());
  }

  /** Ends slices without open calls that hold a part of these budgets. False where there are none. */
  async #giveBack(chain: readonly BudgetDefinition[]): Promise<boolean> {
    const ends: Promise<void>[] = [];
    for (const line of new Set(chain.flatMap((budget) => [...this.#bank.linesOf(budget)]))) {
      this.#bank.pause(line);
      for (const slice of line.slices) {
        if (slice.open === 0 && slice.state !== 'ending') ends.push(this.#bank.end(line, slice));
      }
    }
    await Promise.all(ends);
    return ends.length > 0;
  }

  async #growSlice(id: string, reservation: OpenCall, more: Amounts, missing: Amounts): Promise<boolean> {
    let grown = false;
    try {
      const { slice } = reservation;
      grown = await this.#givingBack(slice.chain, () => this.#bank.grow(slice, missing));
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

/** Whether a call got what it asked for; one without a cap of its own asks for its share. */
function asAsked(answer: Admission, request: ReserveRequest): boolean {
  return answer.admitted && (!request.capped || answer.outputCap === request.outputCap);
}
