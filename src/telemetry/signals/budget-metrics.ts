import type { Attributes, Meter, MetricOptions } from '@opentelemetry/api';
import {
  type BudgetStatus,
  LIMIT_NAMES,
  type LimitName,
  type TokenBudgetTracker,
  windowOf,
} from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';
import { andThen, ignoreRejection, isPromise, type MaybePromise } from '../../util/index.ts';
import { knownBudgets } from '../context/index.ts';
import { semconv } from '../names/index.ts';

interface Series {
  readonly name: string;
  readonly description: string;
  readonly unit?: string;
  /** Whether there is one for each limit that is set. */
  readonly byLimit?: boolean;
  readonly read: (status: BudgetStatus, limit: LimitName) => number | undefined;
}

/** A series for each limit that is set, in its unit: USD, tokens, calls or minutes. */
const OF_LIMITS: readonly Series[] = [
  { name: semconv.METRIC_LIMIT, description: 'The most that the budget may spend.', read: limitOf },
  { name: semconv.METRIC_SETTLED, description: 'What was charged to the budget.', read: settledOf },
  { name: semconv.METRIC_RESERVED, description: 'What open calls hold of the budget.', read: reservedOf },
  { name: semconv.METRIC_LEFT, description: 'What is left of the budget.', read: leftOf },
];

const SERIES: readonly Series[] = [
  ...OF_LIMITS.map((series) => ({ ...series, byLimit: true })),
  {
    name: semconv.METRIC_EXHAUSTED,
    description: 'Whether the budget is exhausted: 1, or 0.',
    read: ({ exhausted }) => Number(exhausted),
  },
  {
    name: semconv.METRIC_WINDOW,
    unit: 's',
    description: 'How long the window is in which the budget is spent.',
    read: ({ window, balances }) => {
      if (window === undefined) return undefined;
      const { start, end } = windowOf(window, balances.startedAt);
      return (end - start) / 1_000;
    },
  },
  {
    name: semconv.METRIC_WINDOW_LEFT,
    unit: 's',
    description: 'How long it is until the budget begins anew.',
    read: ({ window, balances }) => {
      if (window === undefined) return undefined;
      return Math.max(0, windowOf(window, balances.startedAt).end - Date.now()) / 1_000;
    },
  },
];

type Point = (value: number, attributes: Attributes) => void;

/** Gauges of the budgets in use, read whenever a provider of the host's collects. */
export function observeBudgets(meter: Meter): void {
  for (const series of SERIES) {
    meter.createObservableGauge(series.name, optionsOf(series)).addCallback((result) => {
      const points = new Points([series], (_, ...point) => result.observe(...point));
      return settled(knownBudgets().map((tracker) => points.of(tracker)));
    });
  }
}

/** Gauges of the budgets in use, recorded when the function returned is called. */
export function recordBudgets(meter: Meter): () => void {
  const gauges = new Map(SERIES.map((series) => [series, meter.createGauge(series.name, optionsOf(series))]));
  return () => {
    const points = new Points(SERIES, (series, ...point) => gauges.get(series)?.record(...point));
    void settled(knownBudgets().map((tracker) => points.of(tracker)));
  };
}

function optionsOf({ description, unit }: Series): MetricOptions {
  return { description, ...(unit === undefined ? {} : { unit }) };
}

/** One reading of all budgets. Budgets of one name, as jobs with the same parent have, are told once: the first. */
class Points {
  readonly #series: readonly Series[];
  readonly #point: (series: Series, ...point: Parameters<Point>) => void;
  readonly #told = new Set<string>();

  constructor(series: readonly Series[], point: (series: Series, ...point: Parameters<Point>) => void) {
    this.#series = series;
    this.#point = point;
  }

  /** A store that is away fails the reading of its budgets alone. */
  of(tracker: TokenBudgetTracker): MaybePromise<void> {
    try {
      return ignoreRejection(
        andThen(tracker.statuses(), (statuses) => {
          for (const status of statuses) this.#tell(status);
        }),
      );
    } catch {
      return undefined;
    }
  }

  #tell(status: BudgetStatus): void {
    if (this.#told.has(status.budget)) return;
    this.#told.add(status.budget);
    for (const series of this.#series) each(status, series, (...point) => this.#point(series, ...point));
  }
}

function settled(readings: readonly MaybePromise<void>[]): MaybePromise<void> {
  return readings.some(isPromise) ? Promise.all(readings).then(() => undefined) : undefined;
}

function each(status: BudgetStatus, { byLimit, read }: Series, point: Point): void {
  const name = { [semconv.ATTR_BUDGET_NAME]: status.budget };
  for (const limit of LIMIT_NAMES) {
    if (byLimit === true && status.limits[limit] === undefined) continue;
    const value = read(status, limit);
    const attributes = byLimit === true ? { ...name, [semconv.ATTR_BUDGET_LIMIT]: limit } : name;
    if (value !== undefined) point(value, attributes);
    if (byLimit !== true) return;
  }
}

function limitOf(status: BudgetStatus, limit: LimitName): number | undefined {
  return status.limits[limit];
}

function leftOf(status: BudgetStatus, limit: LimitName): number | undefined {
  return status.left[limit];
}

function settledOf({ balances, limits, left }: BudgetStatus, limit: LimitName): number | undefined {
  if (limit === 'minutes') return Math.max(0, (limits.minutes ?? 0) - (left.minutes ?? 0));
  return amount(balances.settled, limit);
}

function reservedOf({ balances }: BudgetStatus, limit: LimitName): number | undefined {
  return limit === 'minutes' ? undefined : amount(balances.reserved, limit);
}

function amount(amounts: BudgetStatus['balances']['settled'], limit: LimitName): number {
  if (limit === 'tokens') return amounts.tokens;
  return limit === 'calls' ? amounts.calls : nanoToUsd(amounts.costNanoUsd);
}
