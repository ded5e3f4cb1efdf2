import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { createCallInstruments } from '../../src/telemetry/signals/index.ts';

// Prometheus sees no increase from zero in a series that starts with its first export, so the costs of a program that is over
// before the second one would be lost.
it('a series of costs starts with its first call, not with the first export', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const { cost } = createCallInstruments(provider.getMeter('test'));
  cost.add(1);
  cost.add(2);
  await sleep(50);
  await provider.forceFlush();
  const [point] = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics[0]?.dataPoints ?? [];
  assert.ok(point !== undefined);
  assert.equal(point.value, 3);
  const toMs = ([seconds, nanos]: readonly [number, number]): number => seconds * 1_000 + nanos / 1e6;
  assert.ok(toMs(point.endTime) - toMs(point.startTime) >= 45);
  await provider.shutdown();
});
