import type { BudgetView } from './budget-view.ts';

/** How far back spending is measured, milliseconds. */
const MEASURED_MS = 300_000;

/** The shortest time that gives a rate, milliseconds. */
const MIN_ELAPSED_MS = 1_000;

/** How fast a budget is spent. */
export interface SpendRate {
  /** USD per hour; undefined while it is not known. */
  readonly usdPerHour: number | undefined;
  /** How long until a limit is reached at this rate, milliseconds; undefined if none will be. */
  readonly lastsMs: number | undefined;
}

/** The budgets at one moment, by name. */
interface Sample {
  readonly at: number;
  readonly views: ReadonlyMap<string, BudgetView>;
}

/** Measures how fast budgets are spent, from samples of the last five minutes. */
export class SpendRateMeter {
  #samples: Sample[] = [];

  /** @param at milliseconds since the epoch */
  addSample(views: readonly BudgetView[], at: number): void {
    this.#samples.push({ at, views: new Map(views.map((view) => [view.name, view])) });
    // One sample from before the period is kept, so that all of it is measured.
    while ((this.#samples[1]?.at ?? at) < at - MEASURED_MS) this.#samples.shift();
  }

  /** Returns the rate of each budget by its name. */
  ratesOf(views: readonly BudgetView[]): Map<string, SpendRate> {
    return new Map(views.map((view) => [view.name, this.#rateOf(view)]));
  }

  #rateOf(view: BudgetView): SpendRate {
    const last = this.#samples.at(-1);
    const first = this.#samples.find(({ views }) => views.get(view.name)?.startedAt === view.startedAt);
    const before = first?.views.get(view.name);
    const elapsed = (last?.at ?? 0) - (first?.at ?? 0);
    if (before === undefined || elapsed < MIN_ELAPSED_MS)
      return { usdPerHour: undefined, lastsMs: undefined };
    const usdPerHour = ((view.settled.costUsd - before.settled.costUsd) / elapsed) * 3_600_000;
    const lasts = view.limits.flatMap(({ limit, settled, left }) => {
      const then = before.limits.find((one) => one.limit === limit);
      const spent = settled - (then?.settled ?? settled);
      return spent > 0 ? [(left / spent) * elapsed] : [];
    });
    return {
      usdPerHour: Math.max(0, usdPerHour),
      lastsMs: lasts.length === 0 ? undefined : Math.min(...lasts),
    };
  }
}
