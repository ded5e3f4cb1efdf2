import { randomUUID } from 'node:crypto';
import {
  type Amounts,
  type Balances,
  type BudgetDefinition,
  fixedCost,
  type Store,
  windowOf,
} from '../../budget/index.ts';
import { Changes, elapsedClock, excess, isNothing, Tally, UnsureSlices } from './accounting/index.ts';
import type { Line, Moment } from './chain.ts';
import { Lines } from './chain-index.ts';
import { View } from './ledger-view.ts';
import { Slice } from './quota.ts';
import { type Seen, sliceSize } from './size.ts';

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
  /** How long no slice is asked for where little is left or the store failed, milliseconds. */
  readonly pauseMs: number;
}

/** The part of a lease that is trusted; the rest is for clocks that do not run alike. */
export const TRUSTED = 0.9;

/** How often more balances are asked for, where others were changed meanwhile. */
const MAX_LOOKS = 2;

/** How many slices of a chain may wait to be settled before no more are taken. */
const MAX_UNSETTLED = 16;

/** Takes slices from the remote store and settles them, and knows the balances beside them. */
export class Bank {
  readonly remote: RemoteStore;
  readonly lines = new Lines();
  readonly settings: BankSettings;
  /** No more slices are taken. */
  closed = false;
  readonly #views = new Map<string, View>();
  readonly #tallies = new Map<string, Tally>();
  readonly #changes = new Changes();
  readonly #elapsed: () => number;
  readonly #unsure: UnsureSlices;

  /** @param elapsed time that passed since any moment, milliseconds */
  constructor(remote: RemoteStore, settings: BankSettings, elapsed: () => number = elapsedClock()) {
    this.remote = remote;
    this.settings = settings;
    this.#elapsed = elapsed;
    this.#unsure = new UnsureSlices(remote);
  }

  moment(): Moment {
    return { now: this.#elapsed(), remoteNow: this.remote.now?.() ?? Date.now() };
  }

  /** The budgets of a chain in their present windows; fewer where one is not known. */
  seen(chain: readonly BudgetDefinition[], { remoteNow }: Moment): Seen[] {
    return chain.flatMap((budget) => {
      const view = this.#views.get(budget.name);
      return view === undefined || remoteNow >= view.windowEnd ? [] : [{ budget, view }];
    });
  }

  /** The balances of a budget where they are known well enough: our slices are in it, and it was told lately. */
  known(budget: BudgetDefinition, maxAgeMs: number): Balances | undefined {
    const moment = this.moment();
    const view = this.seen([budget], moment)[0]?.view;
    const fresh = view?.freshAt !== undefined && moment.now - view.freshAt < maxAgeMs;
    return fresh && view.sliced ? view.balances() : undefined;
  }

  /** Asks the remote store for the balances of a budget. */
  async look(budget: BudgetDefinition): Promise<View> {
    const undisturbed = this.#changes.watch(budget);
    const { now } = this.moment();
    const raw = await this.remote.balances(budget);
    const view = this.view(budget, raw, undisturbed() ? now : undefined);
    this.#views.set(budget.name, view);
    return view;
  }

  /** The balances of a budget, asked for while no slice of it is on its way, if that can be had soon. */
  async balances(budget: BudgetDefinition): Promise<Balances> {
    for (let tries = 0; ; tries += 1) {
      await this.atRest(budget);
      const view = await this.look(budget);
      if (view.freshAt !== undefined || tries === MAX_LOOKS) return view.balances();
    }
  }

  /** Waits for slices that are being taken or settled, of one budget or of all. */
  async atRest(of?: BudgetDefinition): Promise<void> {
    for (const line of of === undefined ? this.lines.all() : this.lines.with(of)) {
      // Of a budget that many chains share, most have nothing on its way.
      if (line.refilling !== undefined) await line.refilling;
      for (const { settling } of line.slices) if (settling !== undefined) await settling;
    }
  }

  /** The balances that the remote store told, with our slices counted by their calls. */
  view(budget: BudgetDefinition, raw: Balances, freshAt?: number): View {
    const { start, end } = windowOf(budget.window, budget.window === undefined ? 0 : raw.startedAt);
    return new View(raw, end, this.#tallyOf(budget.name, start), freshAt);
  }

  #tallyOf(name: string, windowStart: number): Tally {
    const known = this.#tallies.get(name);
    if (known?.windowStart === windowStart) return known;
    const tally = new Tally(windowStart);
    // An answer of a window that is over may come late.
    if (known === undefined || known.windowStart < windowStart) this.#tallies.set(name, tally);
    return tally;
  }

  /**
   * Counts a change of remote balances that is not a slice's.
   * @param chain the budgets that are changed; undefined where they are not known
   */
  async direct<T>(chain: readonly BudgetDefinition[] | undefined, change: () => T | Promise<T>): Promise<T> {
    const end = this.#changes.begin(chain);
    try {
      return await change();
    } finally {
      end();
      this.#outdate(chain);
    }
  }

  /** Takes a slice for calls such as this one, in the background; nothing where one is being taken. Never rejects. */
  refill(line: Line, need: Amounts): Promise<void> {
    line.need = need;
    if (line.refilling !== undefined) return line.refilling;
    if (this.closed || this.#elapsed() < line.pausedUntil) return Promise.resolve();
    let waiting = 0;
    for (const { state } of line.slices) if (state === 'ending') waiting += 1;
    if (waiting >= MAX_UNSETTLED) return Promise.resolve();
    line.refilling = this.#refill(line, need)
      .catch(() => false)
      .then((taken) => {
        if (!taken) this.pause(line);
        line.refilling = undefined;
      });
    return line.refilling;
  }

  /** Asks for no slice of a chain for a while. */
  pause(line: Line): void {
    line.pausedUntil = this.#elapsed() + this.settings.pauseMs;
  }

  async #refill(line: Line, need: Amounts): Promise<boolean> {
    const seen = await Promise.all(
      line.chain.map(async (budget) => ({ budget, view: await this.look(budget) })),
    );
    const { share, ahead: least } = this.settings;
    const ahead = Math.max(least, 4 * line.open, line.rate.perSecond(this.#elapsed()));
    const size = sliceSize(seen, need, { share, ahead });
    if (size === undefined || isNothing(size)) return false;
    const id = `slice:${randomUUID()}`;
    const { leaseMs } = this.settings;
    const { now } = this.moment();
    const request = { id, leaseMs, ...fixedCost(size) };
    const end = this.#changes.begin(line.chain);
    try {
      const { admitted } = await this.#unsure.until(id, this.remote.reserve(line.chain, request));
      if (!admitted) return false;
    } finally {
      end();
    }
    const slice = new Slice({
      id,
      chain: line.chain,
      tallies: seen.map(({ view }) => view.tally),
      windowEnd: Math.min(...seen.map(({ view }) => view.windowEnd)),
      held: size,
      validUntil: now + leaseMs * TRUSTED,
      now,
    });
    // The line may have been let go of meanwhile.
    const home = this.lines.of(line.key, line.chain);
    home.slices.add(slice);
    if (!slice.usable(now, this.moment().remoteNow)) {
      // A window ended meanwhile: which one it was taken in is not known.
      await this.end(home, slice);
      return false;
    }
    return true;
  }

  /** Holds more for a slice, where the budgets have it. */
  async grow(slice: Slice, more: Amounts): Promise<boolean> {
    const end = this.#changes.begin(slice.chain);
    try {
      const grown = await this.remote.grow(slice.chain, slice.id, more);
      if (grown) slice.grow(more);
      return grown;
    } finally {
      end();
    }
  }

  /** Settles a slice that has no open calls. Where that fails it is tried again later. Never rejects. */
  async end(line: Line, slice: Slice): Promise<void> {
    if (slice.open > 0 || slice.state === 'ended') return;
    slice.beginToEnd();
    await this.#settle(line, slice);
  }

  /** Settles all slices: what their open calls hold is charged, since nobody will say what they used. */
  async endAll(): Promise<void> {
    const all = [...this.lines.all()];
    await Promise.all(all.map((line) => line.refilling));
    const end = async (line: Line, slice: Slice): Promise<void> => {
      await slice.settling;
      slice.chargeOpen();
      await this.end(line, slice);
    };
    await Promise.all(all.flatMap((line) => [...line.slices].map((slice) => end(line, slice))));
    await this.freeUnsure();
  }

  /** Begins to settle all slices, and those that were perhaps taken; nobody waits for it. */
  beginToEndAll(): void {
    for (const line of this.lines.all()) {
      for (const slice of line.slices) {
        slice.chargeOpen();
        void this.end(line, slice);
      }
    }
    this.#unsure.beginToFreeAll();
  }

  #settle(line: Line, slice: Slice): Promise<void> {
    slice.settling ??= this.#settleOnce(line, slice).finally(() => {
      slice.settling = undefined;
    });
    return slice.settling;
  }

  async #settleOnce(line: Line, slice: Slice): Promise<void> {
    const end = this.#changes.begin(slice.chain);
    try {
      const settled = await this.remote.settle(slice.id, slice.used);
      if (!settled) {
        this.#outdate(slice.chain);
        // Its lease ended, so it was charged in full; an answer that billed more than was reserved may pass that.
        const beyond = excess(slice.used, slice.held);
        if (!slice.doubtful && !isNothing(beyond)) await this.remote.charge(slice.chain, beyond);
      }
      slice.state = 'ended';
      line.slices.delete(slice);
    } catch {
      slice.doubtful = true;
    } finally {
      end();
    }
  }

  /** Lets go of a chain that is not used any more. */
  forget(line: Line): void {
    for (const name of this.lines.forget(line)) {
      this.#changes.forget(name);
      this.#tallies.delete(name);
      this.#views.delete(name);
    }
  }

  *slices(): Generator<Slice> {
    for (const line of this.lines.all()) yield* line.slices;
  }

  /** Frees slices that were perhaps taken though their reserve failed. Never rejects. */
  freeUnsure(): Promise<void> {
    return this.#unsure.free();
  }

  #outdate(chain: readonly BudgetDefinition[] | undefined): void {
    const views = chain?.map(({ name }) => this.#views.get(name)) ?? this.#views.values();
    for (const view of views) if (view !== undefined) view.freshAt = undefined;
  }
}
