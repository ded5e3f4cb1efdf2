import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  flushCounters,
  flushWithCollections,
  SummedCounter,
} from '../../src/telemetry/signals/summed-counter.ts';
import { eventually } from '../support/eventually.ts';

/** A real SDK; `collected` collects and gives each point as `name{attributes} value`, in order. */
function startMetrics(temporality = AggregationTemporality.CUMULATIVE) {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const points = (): string[] => {
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    exporter.reset();
    return all
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(
          ({ attributes, value }) => `${descriptor.name}${JSON.stringify(attributes)} ${String(value)}`,
        ),
      );
  };
  const collected = async (): Promise<string[]> => {
    await provider.forceFlush();
    return points();
  };
  return { exporter, provider, meter: provider.getMeter('test'), points, collected };
}

describe('a counter that sums by itself', () => {
  it('tells each series once, whenever a provider collects, and nothing else', async () => {
    const { meter, collected } = startMetrics();
    flushWithCollections(meter);
    flushWithCollections(meter);
    const counter = new SummedCounter(meter.createCounter('cost'));
    counter.add(1, { model: 'a' });
    counter.add(2, { model: 'a' });
    counter.add(4, { model: 'b' });
    assert.deepEqual(await collected(), ['cost{"model":"a"} 3', 'cost{"model":"b"} 4']);
    counter.add(8, { model: 'a' });
    assert.deepEqual(await collected(), ['cost{"model":"a"} 11', 'cost{"model":"b"} 4']);
    assert.deepEqual(await collected(), ['cost{"model":"a"} 11', 'cost{"model":"b"} 4']);
  });

  it('tells differences where the exporter wants these', async () => {
    const { meter, collected } = startMetrics(AggregationTemporality.DELTA);
    flushWithCollections(meter);
    const counter = new SummedCounter(meter.createCounter('cost'));
    counter.add(1, {});
    assert.deepEqual(await collected(), ['cost{} 1']);
    counter.add(2, {});
    counter.add(3, {});
    assert.deepEqual(await collected(), ['cost{} 5']);
  });

  it('begins a series with its first call, not with the collection', async () => {
    const { exporter, provider, meter } = startMetrics();
    flushWithCollections(meter);
    const counter = new SummedCounter(meter.createCounter('cost'));
    counter.add(1, {});
    const calledMs = Date.now();
    counter.add(2, {});
    await eventually('the clock has moved on', () => Date.now() > calledMs + 20);
    await provider.forceFlush();
    const [point] = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics[0]?.dataPoints ?? [];
    assert.ok(point !== undefined);
    assert.equal(point.value, 3);
    const ms = ([seconds, nanos]: readonly [number, number]): number => seconds * 1_000 + nanos / 1e6;
    assert.ok(ms(point.startTime) < calledMs + 1);
    assert.ok(ms(point.endTime) > calledMs + 20);
  });

  it('is added to others of its name', async () => {
    const { meter, collected } = startMetrics();
    flushWithCollections(meter);
    const [one, other] = [1, 2].map(() => new SummedCounter(meter.createCounter('cost')));
    one?.add(1, {});
    other?.add(2, {});
    assert.deepEqual(await collected(), ['cost{} 3']);
  });

  it('loses nothing that came before the shutdown', async () => {
    const { provider, meter, points } = startMetrics();
    flushWithCollections(meter);
    const counter = new SummedCounter(meter.createCounter('cost'));
    counter.add(5, {});
    await provider.shutdown();
    assert.deepEqual(points(), ['cost{} 5']);
  });

  it('is flushed by hand where no callback runs', async () => {
    const { meter, collected } = startMetrics();
    const counter = new SummedCounter(meter.createCounter('cost'));
    counter.add(5, {});
    counter.add(6, {});
    assert.deepEqual(await collected(), ['cost{} 5']);
    flushCounters();
    assert.deepEqual(await collected(), ['cost{} 11']);
  });

  it('tells attributes apart by name and value', async () => {
    const { meter, collected } = startMetrics();
    flushWithCollections(meter);
    const counter = new SummedCounter(meter.createCounter('cost'));
    counter.add(1, { a: 'x', b: 'y' });
    counter.add(2, { a: 'y', b: 'x' });
    counter.add(4, { b: 'y' });
    counter.add(8, { a: 'y' });
    assert.equal((await collected()).length, 4);
  });

  it('holds a bounded number of series', async () => {
    const told: number[] = [];
    const counter = new SummedCounter({ add: (value) => told.push(value) });
    for (let series = 0; series < 2_500; series += 1) {
      counter.add(1, { series });
      counter.add(2, { series });
    }
    assert.deepEqual([told.length, told.filter((value) => value === 2).length], [4_500, 2_000]);
    counter.flush();
    assert.deepEqual([told.length, told.filter((value) => value === 2).length], [5_000, 2_500]);
  });
});
