import {
  type BudgetStatus,
  LIMIT_NAMES,
  type LimitName,
  type TokenBudgetTracker,
  windowOf,
} from '../../budget/index.ts';
import { andThen, ignoreRejection, isPromise, type MaybePromise } from '../../util/index.ts';
import { type Attributes, createLastValue, type Meter, type MetricOptions } from '../api/index.ts';
import { knownBudgets } from '../context/index.ts';
import { semconv } from '../names/index.ts';
import { amountInUnitOf } from './limit-amount.ts';

/** A gauge that is read from the status of a budget. */
interface BudgetGauge {
  readonly name: string;
  readonly description: string;
  readonly unit?: string;
  /** Whether the gauge has a data point for each limit that is set. */
  readonly byLimit?: boolean;
  /** Returns the value; undefined if the budget has none. */
  readonly read: (status: BudgetStatus, limit: LimitName) => number | undefined;
}

/** Gauges with a data point for each limit that is set, in its unit: USD, tokens, calls or minutes. */
const LIMIT_GAUGES: readonly BudgetGauge[] = [
  { name: semconv.METRIC_LIMIT, description: 'The most that the budget may spend.', read: readLimit },
  { name: semconv.METRIC_SETTLED, description: 'Amount charged to the budget.', read: readSettled },
  { name: semconv.METRIC_RESERVED, description: 'Amount reserved by open calls.', read: readReserved },
  { name: semconv.METRIC_LEFT, description: 'Amount left in the budget.', read: readLeft },
];

const GAUGES: readonly BudgetGauge[] = [
  ...LIMIT_GAUGES.map((gauge) => ({ ...gauge, byLimit: true })),
  {
    name: semconv.METRIC_EXHAUSTED,
    description: '1 if the budget is exhausted, otherwise 0.',
    read: ({ exhausted }) => Number(exhausted),
  },
  {
    name: semconv.METRIC_WINDOW,
    unit: 's',
    description: "Length of the budget's window.",
    read: ({ window, balances }) => {
      if (window === undefined) return undefined;
      const { start, end } = windowOf(window, balances.startedAt);
      return (end - start) / 1_000;
    },
  },
  {
    name: semconv.METRIC_WINDOW_LEFT,
    unit: 's',
    description: "Time until the budget's window ends and it resets.",
    read: ({ window, balances }) => {
      if (window === undefined) return undefined;
      return Math.max(0, windowOf(window, balances.startedAt).end - Date.now()) / 1_000;
    },
  },
];

type RecordValue = (value: number, attributes: Attributes) => void;
type RecordGauge = (gauge: BudgetGauge, ...point: Parameters<RecordValue>) => void;

/** Creates observable gauges of the budgets in use, read whenever one of the host's providers collects. */
export function observeBudgets(meter: Meter): void {
  for (const gauge of GAUGES) {
    meter.createObservableGauge(gauge.name, gaugeOptions(gauge)).addCallback((result) => {
      const reading = new BudgetReading([gauge], (_, ...point) => result.observe(...point));
      return waitForAll(knownBudgets().map((tracker) => reading.read(tracker)));
    });
  }
}

/**
 * Creates gauges of the budgets in use.
 *
 * @returns a function that records their current values
 */
export function recordBudgets(meter: Meter): () => void {
  const gauges = new Map(
    GAUGES.map((gauge) => [gauge, createLastValue(meter, gauge.name, gaugeOptions(gauge))]),
  );
  return () => {
    const reading = new BudgetReading(GAUGES, (gauge, ...point) => gauges.get(gauge)?.(...point));
    void waitForAll(knownBudgets().map((tracker) => reading.read(tracker)));
  };
}

function gaugeOptions({ description, unit }: BudgetGauge): MetricOptions {
  return { description, ...(unit === undefined ? {} : { unit }) };
}

/**
 * One reading of all budgets. Of several budgets with the same name, such as the common parent of several
 * jobs, only the first is recorded.
 */
class BudgetReading {
  readonly #gauges: readonly BudgetGauge[];
  readonly #record: RecordGauge;
  readonly #recorded = new Set<string>();

  constructor(gauges: readonly BudgetGauge[], record: RecordGauge) {
    this.#gauges = gauges;
    this.#record = record;
  }

  /** Records a budget and its parents. If their store is unavailable, only these budgets have no values. */
  read(tracker: TokenBudgetTracker): MaybePromise<void> {
    try {
      return ignoreRejection(
        andThen(tracker.statuses(), (statuses) => {
          for (const status of statuses) this.#recordStatus(status);
        }),
      );
    } catch {
      return undefined;
    }
  }

  #recordStatus(status: BudgetStatus): void {
    if (this.#recorded.has(status.budget)) return;
    this.#recorded.add(status.budget);
    for (const gauge of this.#gauges) recordGauge(status, gauge, (...point) => this.#record(gauge, ...point));
  }
}

function waitForAll(readings: readonly MaybePromise<void>[]): MaybePromise<void> {
  return readings.some(isPromise) ? Promise.all(readings).then(() => undefined) : undefined;
}

function recordGauge(status: BudgetStatus, { byLimit, read }: BudgetGauge, record: RecordValue): void {
  const name = { [semconv.ATTR_BUDGET_NAME]: status.budget };
  for (const limit of LIMIT_NAMES) {
    if (byLimit === true && status.limits[limit] === undefined) continue;
    const value = read(status, limit);
    const attributes = byLimit === true ? { ...name, [semconv.ATTR_BUDGET_LIMIT]: limit } : name;
    if (value !== undefined) record(value, attributes);
    if (byLimit !== true) return;
  }
}

function readLimit(status: BudgetStatus, limit: LimitName): number | undefined {
  return status.limits[limit];
}

function readLeft(status: BudgetStatus, limit: LimitName): number | undefined {
  return status.left[limit];
}

/** For `minutes`: the minutes that have elapsed. */
function readSettled({ balances, limits, left }: BudgetStatus, limit: LimitName): number | undefined {
  if (limit === 'minutes') return Math.max(0, (limits.minutes ?? 0) - (left.minutes ?? 0));
  return amountInUnitOf(limit, balances.settled);
}

function readReserved({ balances }: BudgetStatus, limit: LimitName): number | undefined {
  return limit === 'minutes' ? undefined : amountInUnitOf(limit, balances.reserved);
}
