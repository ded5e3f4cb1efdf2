import {
  type Admission,
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  type MaybePromise,
  NOTHING,
  type ReserveRequest,
  type Store,
  subtractAmounts,
} from '../budget/index.ts';
import { excess, isNothing } from './slices/amounts.ts';
import { Bank, type RemoteStore } from './slices/bank.ts';
import type { Line, LocalAdmission } from './slices/line.ts';
import type { LocalReservation } from './slices/slice.ts';

export interface SlicedStoreOptions {
  /** The largest part of what is left that one slice may hold; 1/16 where absent. */
  readonly share?: number;
  /** For how many calls such as the one at hand a slice is taken, at most; 64 where absent. */
  readonly ahead?: number;
  /** How long a slice outlives its process, milliseconds; then it is charged in full. 30,000 where absent. */
  readonly leaseMs?: number;
  /** How often slices are renewed, settled and given back, milliseconds; 500 where absent, 0: only by `maintain`. */
  readonly everyMs?: number;
  /** How long an unused slice is kept, milliseconds; 5,000 where absent. */
  readonly idleMs?: number;
  /** How old balances may be that are answered without asking the remote store, milliseconds; 500 where absent. */
  readonly balancesMaxAgeMs?: number;
}

/**
 * Keeps the round trip to a shared store off the call path. A *slice*, a bounded part of the budgets of a chain, is reserved there at
 * once, under a lease that this process renews; calls spend it here, and are answered at once. Slices are taken, settled and given
 * back in the background.
 *
 * The invariant: what the calls of a slice used and hold is never more than the slice holds, and what it holds is reserved on the remote
 * store from before its first call until it is settled. So `settled + reserved <= limit` there is the same for the calls themselves,
 * whatever the number of processes. (As in every store, an answer may bill more than was reserved for it.)
 *
 * Where a slice has too little, the call is reserved on the remote store itself, by the rules for the whole budgets. As slices shrink
 * with what is left, the last calls of a budget all are.
 *
 * What others see of a slice is its reservation; what it has spent is settled within `everyMs` once none of its calls is open, or
 * when it is used up. A soft limit is therefore passed by what is under way in slices as well.
 *
 * A process that dies leaves its slices reserved until their leases end; then they are charged in full, as their calls may have been
 * billed. `close` settles them, and charges the calls that are still open with what they reserved.
 */
export class SlicedStore implements Store {
  readonly #remote: RemoteStore;
  readonly #bank: Bank;
  readonly #open = new Map<string, LocalReservation & { readonly line: Line }>();
  readonly #keys = new WeakMap<readonly BudgetDefinition[], string>();
  readonly #balancesMaxAgeMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #maintaining: Promise<void> | undefined;
  #closed = false;

  /** @param remote the shared store; it is closed with this one */
  constructor(remote: RemoteStore, options: SlicedStoreOptions = {}) {
    const { share = 1 / 16, ahead = 64, leaseMs = 30_000, everyMs = 500, idleMs = 5_000 } = options;
    this.#remote = remote;
    this.#bank = new Bank(remote, { share, ahead, leaseMs, idleMs });
    this.#balancesMaxAgeMs = options.balancesMaxAgeMs ?? 500;
    if (everyMs > 0) this.#timer = setInterval(() => void this.maintain(), everyMs).unref();
  }

  reserve(chain: readonly BudgetDefinition[], request: ReserveRequest): MaybePromise<Admission> {
    const line = this.#bank.line(this.#keyOf(chain), chain);
    const moment = this.#bank.moment();
    line.touchedAt = moment.now;
    const local = line.admit(request, this.#bank.views(chain, moment), moment);
    if (local === undefined) return this.#ask(line, request);
    this.#opened(line, request, local);
    if (line.short) void this.#bank.refill(line, local.admission.reserved);
    return local.admission;
  }

  grow(chain: readonly BudgetDefinition[], id: string, more: Amounts): MaybePromise<boolean> {
    const reservation = this.#open.get(id);
    if (reservation === undefined) return this.#bank.direct(() => this.#remote.grow(chain, id, more));
    const { slice } = reservation;
    const missing = excess(more, slice.free);
    this.#add(reservation, more);
    return isNothing(missing) || this.#growSlice(id, reservation, more, missing);
  }

  settle(id: string, used: Amounts): MaybePromise<boolean> {
    const reservation = this.#open.get(id);
    if (reservation === undefined) return this.#bank.direct(() => this.#remote.settle(id, used));
    const { now } = this.#bank.moment();
    const inTime = now < reservation.leaseEnd;
    this.#settleHere(id, reservation, inTime ? used : reservation.amounts, now);
    return inTime;
  }

  release(id: string): MaybePromise<boolean> {
    return this.settle(id, NOTHING);
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
    return this.#bank.direct(() => this.#remote.charge(chain, used));
  }

  balances(budget: BudgetDefinition): MaybePromise<Balances> {
    return (
      this.#bank.known(budget, this.#balancesMaxAgeMs) ??
      this.#bank.look(budget).then((view) => view.balances())
    );
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

  /** What is otherwise done every `everyMs`. Never rejects. */
  maintain(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const { now } = this.#bank.moment();
    for (const [id, reservation] of this.#open) {
      if (now >= reservation.leaseEnd) this.#settleHere(id, reservation, reservation.amounts, now);
    }
    this.#maintaining ??= this.#bank.maintain().finally(() => {
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

  /** Reserves on the remote store, and takes a slice for the calls after this one. */
  async #ask(line: Line, request: ReserveRequest): Promise<Admission> {
    const { chain } = line;
    const ask = (): Promise<Admission> => this.#bank.direct(() => this.#remote.reserve(chain, request));
    let answer = await ask();
    if (asAsked(answer, request)) {
      if (answer.admitted && !this.#closed) void this.#bank.refill(line, answer.reserved);
      return answer;
    }
    this.#bank.pause(line);
    // What our own slices hold idle may pay for it.
    if (await this.#giveBack(chain)) {
      if (answer.admitted) await this.#bank.direct(() => this.#remote.release(request.id));
      answer = await ask();
    }
    if (!answer.admitted && answer.budget.mode === 'strict' && answer.limit !== 'minutes') {
      const local = line.admitRest(request, this.#bank.moment());
      if (local !== undefined) {
        this.#opened(line, request, local);
        return local.admission;
      }
    }
    if (answer.admitted) return answer;
    return { ...answer, balances: this.#bank.view(answer.budget, answer.balances).balances() };
  }

  /** Ends slices without open calls that hold a part of these budgets. False where there are none. */
  async #giveBack(chain: readonly BudgetDefinition[]): Promise<boolean> {
    const names = new Set(chain.map(({ name }) => name));
    const ends: Promise<void>[] = [];
    for (const line of this.#bank.lines.values()) {
      if (!line.chain.some(({ name }) => names.has(name))) continue;
      this.#bank.pause(line);
      for (const slice of line.slices) {
        if (slice.open === 0 && slice.state !== 'ending') ends.push(this.#bank.end(line, slice));
      }
    }
    await Promise.all(ends);
    return ends.length > 0;
  }

  async #growSlice(
    id: string,
    reservation: LocalReservation,
    more: Amounts,
    missing: Amounts,
  ): Promise<boolean> {
    let grown = false;
    try {
      grown = await this.#bank.grow(reservation.slice, missing);
    } finally {
      if (!grown && this.#open.get(id) === reservation)
        this.#add(reservation, subtractAmounts(NOTHING, more));
    }
    return grown;
  }

  #add(reservation: LocalReservation, more: Amounts): void {
    reservation.amounts = addAmounts(reservation.amounts, more);
    reservation.slice.reserved = addAmounts(reservation.slice.reserved, more);
  }

  #opened(line: Line, request: ReserveRequest, { reservation }: LocalAdmission): void {
    this.#open.set(request.id, Object.assign(reservation, { line }));
  }

  #settleHere(id: string, reservation: LocalReservation & { line: Line }, used: Amounts, now: number): void {
    this.#open.delete(id);
    const { slice, line } = reservation;
    slice.settle(reservation, used, now);
    if (slice.state === 'draining' && slice.open === 0) void this.#bank.end(line, slice);
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
