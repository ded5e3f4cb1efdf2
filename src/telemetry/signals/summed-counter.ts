import type { Attributes, Counter, Meter } from '@opentelemetry/api';

/** What came since the last flush with the same attributes, less the first, which was told at once. */
interface Series {
  readonly attributes: Attributes;
  sum: number;
}

/** How many series wait for a flush at most. */
const MAX_SERIES = 1_000;

/** The counters that have something to flush. */
const pending = new Set<SummedCounter>();

/**
 * A counter that sums by itself and tells the SDK when metrics are collected. An SDK takes microseconds to find the series of a
 * measurement, and a call makes several; that is paid twice for all calls of a collection. The first is told at once: a series begins
 * with it, and a backend that is to see an increase from zero needs it to have begun before it is collected.
 */
export class SummedCounter {
  readonly #counter: Counter;
  readonly #series = new Map<string, Series>();

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** @param value zero or more */
  add(value: number, attributes: Attributes): void {
    let key = '';
    for (const name in attributes) key += `${name}\n${attributes[name]}\n`;
    const series = this.#series.get(key);
    if (series !== undefined) {
      series.sum += value;
      return;
    }
    if (this.#series.size >= MAX_SERIES) this.flush();
    this.#counter.add(value, attributes);
    this.#series.set(key, { attributes, sum: 0 });
    pending.add(this);
  }

  /** Tells the SDK what came since the last time. */
  flush(): void {
    pending.delete(this);
    for (const { attributes, sum } of this.#series.values()) if (sum > 0) this.#counter.add(sum, attributes);
    this.#series.clear();
  }
}

/** Has every counter tell what it has: before a collection that runs no callbacks, as that of an exit. */
export function flushCounters(): void {
  for (const counter of pending) counter.flush();
}

const flushed = new WeakSet<Meter>();

/**
 * Has the counters flushed whenever a provider collects the metrics of that meter: the SDK runs callbacks before it collects what
 * was recorded. The gauge that the callback is of observes nothing, so it is never exported.
 */
export function flushWithCollections(meter: Meter): void {
  if (flushed.has(meter)) return;
  flushed.add(meter);
  meter.createObservableGauge('token_budget.flush').addCallback(flushCounters);
}
