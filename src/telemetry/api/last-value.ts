import type { Meter as LatestMeter } from '@opentelemetry/api';
import type { Attributes, Meter, MetricOptions } from 'opentelemetry-api-1.3';

/** Records a value, which is reported until the next one. */
export type RecordLastValue = (value: number, attributes: Attributes) => void;

/**
 * Creates a gauge. Before API 1.9 and SDK 1.25, meters have only observable ones.
 * @example
 * const record = createLastValue(meter, 'token_budget.store.available', {});
 * record(1, { 'token_budget.name': 'team' });
 */
export function createLastValue(meter: Meter, name: string, options: MetricOptions): RecordLastValue {
  const { createGauge } = meter as Partial<LatestMeter>;
  if (createGauge !== undefined) {
    const gauge = createGauge.call(meter, name, options);
    return (value, attributes) => gauge.record(value, attributes);
  }
  const values = new Map<string, readonly [number, Attributes]>();
  meter.createObservableGauge(name, options).addCallback((result) => {
    for (const [value, attributes] of values.values()) result.observe(value, attributes);
  });
  return (value, attributes) => void values.set(JSON.stringify(attributes), [value, attributes]);
}
