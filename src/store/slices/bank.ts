import { randomUUID } from 'node:crypto';
import {
  type Amounts,
  addAmounts,
  type Balances,
  type BudgetDefinition,
  NOTHING,
  type Store,
} from '../../budget/index.ts';
import { excess, isNothing } from './amounts.ts';
import { ElapsedClock } from './clock.ts';
import { Line, type Moment } from './line.ts';
import { sliceSize, tooLarge } from './size.ts';
import { Slice } from './slice.ts';
import { View } from './view.ts';

/** A store that slices are taken from; with a clock of its own where it has one. */
export interface RemoteStore extends Store {
  /** What the store's clock shows, milliseconds since the epoch. */
  now?(): number;
}

export interface BankSettings {
  readonly share: number;
  readonly ahead: number;
  readonly leaseMs: number;
  readonly idleMs: number;
}

/** The part of a lease that is trusted; the rest is for clocks that do not run alike. */
const TRUSTED = 0.9;

/** How long to wait before a slice is asked for again, where little is left or the store failed, milliseconds. */
const PAUSE_MS = 1_000;

/** How old the balances of a sliced budget may become before they are asked for anew, milliseconds. */
const LOOK_MS = 1_000;

/** How many slices of a chain may wait to be settled before no more are taken. */
const MAX_UNSETTLED = 16;

/** Takes slices from the remote store, keeps them, and settles them. */
export class Bank {
  readonly remote: RemoteStore;
  readonly lines = new Map<string, Line>();
  readonly #settings: BankSettings;
  readonly #views = new Map<string, View>();
  readonly #clock = new ElapsedClock();
  /** Slices whose reserve failed: perhaps they were taken. */
  readonly #doubtful = new Set<string>();
  #underWay = 0;
  /** Counts what may have changed remote balances behind the views. */
  #changes = 0;

  constructor(remote: RemoteStore, settings: BankSettings) {
    this.remote = remote;
    this.#settings = settings;
  }

  moment(): Moment {
    return { now: this.#clock.now(), remoteNow: this.remote.now?.() ?? Date.now() };
  }

  line(key: string, chain: readonly BudgetDefinition[]): Line {
    let line = this.lines.get(key);
    if (line === undefined) {
      line = new Line(chain);
      this.lines.set(key, line);
    }
    return line;
  }

  /** The views of a chain's budgets in their present windows; fewer than budgets where one is not known. */
  views(chain: readonly BudgetDefinition[], { remoteNow }: Moment): View[] {
    return chain.flatMap((budget) => {
      const view = this.#views.get(budget.name);
      return view === undefined || remoteNow >= view.windowEnd ? [] : [view];
    });
  }

  /** The balances of a budget where they are known well enough: our slices are in it, and it was told lately. */
  known(budget: BudgetDefinition, maxAgeMs: number): Balances | undefined {
    const moment = this.moment();
    const [view] = this.views([budget], moment);
    const fresh = view?.freshAt !== undefined && moment.now - view.freshAt < maxAgeMs;
    return fresh && view.sliced ? view.balances() : undefined;
  }

  /** Asks the remote store for the balances of a budget. */
  async look(budget: BudgetDefinition): Promise<View> {
    const before = this.#changes;
    const { now } = this.moment();
    const raw = await this.remote.balances(budget);
    const settled = this.#underWay === 0 && before === this.#changes;
    const view = this.view(budget, raw, settled ? now : undefined);
    this.#views.set(budget.name, view);
    return view;
  }

  /** The balances that the remote store told, with our slices counted by their calls. */
  view(budget: BudgetDefinition, raw: Balances, freshAt?: number): View {
    return new View(budget, raw, this.#slices(), freshAt);
  }

  /** Counts a change of remote balances that is not a slice's. */
  async direct<T>(change: () => T | Promise<T>): Promise<T> {
    this.#begin();
    try {
      return await change();
    } finally {
      this.#end();
    }
  }

  /** Takes a slice for calls such as this one, in the background; nothing where one is being taken. Never rejects. */
  refill(line: Line, need: Amounts): Promise<void> {
    line.need = need;
    if (line.refilling !== undefined) return line.refilling;
    if (this.#clock.now() < line.pausedUntil) return Promise.resolve();
    let waiting = 0;
    for (const { state } of line.slices) if (state === 'ending') waiting += 1;
    if (waiting >= MAX_UNSETTLED) return Promise.resolve();
    line.refilling = this.#refill(line, need)
      .then(
        (taken) => taken,
        () => false,
      )
      .then((taken) => {
        if (!taken) this.pause(line);
        line.refilling = undefined;
      });
    return line.refilling;
  }

  /** Asks for no slice of a chain for a while. */
  pause(line: Line): void {
    line.pausedUntil = this.#clock.now() + PAUSE_MS;
  }

  async #refill(line: Line, need: Amounts): Promise<boolean> {
    const views = await Promise.all(line.chain.map((budget) => this.look(budget)));
    const size = sliceSize(views, need, this.#settings);
    if (size === undefined || isNothing(size)) return false;
    const id = `slice:${randomUUID()}`;
    const { leaseMs } = this.#settings;
    const { now } = this.moment();
    const request = { id, leaseMs, fixed: size, outputPicoUsd: 0, choices: 1, outputCap: 0, capped: true };
    this.#begin();
    try {
      const { admitted } = await this.remote.reserve(line.chain, request);
      if (!admitted) return false;
    } catch (error) {
      this.#doubtful.add(id);
      throw error;
    } finally {
      this.#end();
    }
    const slice = new Slice({
      id,
      chain: line.chain,
      windows: new Map(views.map((view) => [view.budget.name, view.windowStart])),
      windowEnd: Math.min(...views.map((view) => view.windowEnd)),
      held: size,
      validUntil: now + leaseMs * TRUSTED,
      now,
    });
    line.slices.add(slice);
    for (const { name } of line.chain) this.#views.get(name)?.add(slice);
    return true;
  }

  /** Holds more for a slice, where the budgets have it. */
  async grow(slice: Slice, more: Amounts): Promise<boolean> {
    const grown = await this.direct(() => this.remote.grow(slice.chain, slice.id, more));
    if (grown) slice.held = addAmounts(slice.held, more);
    return grown;
  }

  /** Settles a slice that has no open calls. Where that fails it is tried again later. Never rejects. */
  async end(line: Line, slice: Slice): Promise<void> {
    if (slice.open > 0 || slice.state === 'ending' || slice.state === 'ended') return;
    slice.state = 'ending';
    await this.#settle(line, slice, slice.used);
  }

  /** Settles all slices: what their open calls hold is charged, since nobody will say what they used. */
  async endAll(): Promise<void> {
    const all = [...this.lines.values()];
    await Promise.all(all.map((line) => line.refilling));
    await Promise.all(
      all.flatMap((line) =>
        [...line.slices].map((slice) => {
          slice.state = 'ending';
          return this.#settle(line, slice, addAmounts(slice.used, slice.reserved));
        }),
      ),
    );
    await this.#releaseDoubtful();
  }

  async #settle(line: Line, slice: Slice, used: Amounts): Promise<void> {
    this.#begin();
    try {
      const settled = await this.remote.settle(slice.id, used);
      // Its lease ended, so it was charged in full; an answer that billed more than was reserved may pass that.
      const beyond = excess(used, slice.held);
      if (!settled && !slice.doubtful && !isNothing(beyond)) await this.remote.charge(slice.chain, beyond);
      slice.state = 'ended';
      line.slices.delete(slice);
    } catch {
      slice.doubtful = true;
    } finally {
      this.#end();
    }
  }

  /** Renews leases, settles slices that are done, gives back those that are not used or are too large. Never rejects. */
  async maintain(): Promise<void> {
    const moment = this.moment();
    await Promise.all([this.#renew(moment), this.#releaseDoubtful()]);
    for (const [key, line] of this.lines) {
      await this.#tend(line, moment);
      const quietMs = moment.now - line.touchedAt;
      if (line.slices.size > 0 || line.refilling !== undefined || quietMs < 2 * this.#settings.idleMs)
        continue;
      this.lines.delete(key);
      for (const { name } of line.chain) if (this.#views.get(name)?.sliced !== true) this.#views.delete(name);
    }
  }

  async #tend(line: Line, moment: Moment): Promise<void> {
    const { idleMs, share } = this.#settings;
    const [first] = line.slices;
    if (first === undefined) return;
    const views = this.views(line.chain, moment);
    const stale =
      views.length < line.chain.length || views.some((view) => moment.now - (view.freshAt ?? 0) > LOOK_MS);
    if (stale) await Promise.all(line.chain.map((budget) => this.look(budget).catch(() => undefined)));
    for (const slice of [...line.slices]) {
      if (slice.state === 'ending') await this.#settle(line, slice, slice.used);
      else await this.#tendSlice(line, slice, moment, idleMs, share);
    }
  }

  async #tendSlice(line: Line, slice: Slice, moment: Moment, idleMs: number, share: number): Promise<void> {
    if (slice.usable(moment.now, moment.remoteNow)) {
      const idle = slice.open === 0 && moment.now - slice.touchedAt > idleMs;
      if (idle || tooLarge(this.views(line.chain, moment), slice.free, share)) {
        slice.state = 'draining';
      } else if (slice.open === 0 && !isNothing(slice.used)) {
        // What was spent is to be seen by others: another slice takes its place.
        if (line.need !== undefined) await this.refill(line, line.need);
        slice.state = 'draining';
      }
    }
    if (slice.state === 'draining') await this.end(line, slice);
  }

  async #renew({ now }: Moment): Promise<void> {
    const { leaseMs } = this.#settings;
    const slices = [...this.#slices()].filter(({ validUntil }) => validUntil - now < leaseMs * (2 / 3));
    if (slices.length === 0) return;
    try {
      await this.remote.heartbeat(
        slices.map(({ id }) => id),
        leaseMs,
      );
    } catch {
      return;
    }
    const heard = this.#clock.now();
    for (const slice of slices) {
      // Heard before the lease was over: so it was renewed before that.
      if (heard < slice.validUntil) slice.validUntil = now + leaseMs * TRUSTED;
    }
  }

  async #releaseDoubtful(): Promise<void> {
    for (const id of [...this.#doubtful]) {
      try {
        await this.remote.settle(id, NOTHING);
        this.#doubtful.delete(id);
      } catch {
        return;
      }
    }
  }

  *#slices(): Generator<Slice> {
    for (const line of this.lines.values()) yield* line.slices;
  }

  #begin(): void {
    this.#underWay += 1;
    this.#changes += 1;
  }

  #end(): void {
    this.#underWay -= 1;
    this.#changes += 1;
    for (const view of this.#views.values()) view.freshAt = undefined;
  }
}
