import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { OTLPExporterError } from '@opentelemetry/otlp-exporter-base';
import type { ExportResult } from '../../src/telemetry/export/export-result.ts';
import { RetryingExporter } from '../../src/telemetry/export/retrying-exporter.ts';

const SUCCESS: ExportResult = { code: 0 };
/** As the exporters report a Collector that answers 503 until their own time is over. */
const UNAVAILABLE: ExportResult = {
  code: 1,
  error: new OTLPExporterError('Export failed with retryable status'),
};

/** An exporter with the given results, then successes. */
function exporterOf(...results: ExportResult[]) {
  return {
    export: mock.fn((_items: unknown, done: (result: ExportResult) => void) =>
      done(results.shift() ?? SUCCESS),
    ),
  };
}

describe('a retrying exporter', () => {
  it('repeats an export until it is accepted', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const inner = exporterOf(UNAVAILABLE, UNAVAILABLE);
    const exported = new RetryingExporter(inner, 60_000).export(['a']);
    for (let second = 0; second < 3; second += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      context.mock.timers.tick(1_000);
    }
    assert.deepEqual(await exported, SUCCESS);
    assert.deepEqual(
      inner.export.mock.calls.map(({ arguments: [items] }) => items),
      [['a'], ['a'], ['a']],
    );
  });

  it('repeats an export after a connection error', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const inner = exporterOf({ code: 1, error: refused });
    const exporter = new RetryingExporter(inner, 60_000);
    const exported = exporter.export([]);
    const waking = setInterval(() => exporter.wake(), 5);
    assert.deepEqual(await exported, SUCCESS);
    clearInterval(waking);
  });

  for (const [name, error] of [
    ['a status that is not one to retry', new OTLPExporterError('Bad Request', 400)],
    ['gRPC UNAUTHENTICATED', Object.assign(new Error('16 UNAUTHENTICATED'), { code: 16 })],
  ] as const) {
    it(`does not repeat an export that failed with ${name}`, async () => {
      const inner = exporterOf({ code: 1, error });
      assert.equal((await new RetryingExporter(inner, 60_000).export([])).error, error);
      assert.equal(inner.export.mock.callCount(), 1);
    });
  }

  it('repeats an export that failed with gRPC UNAVAILABLE', async () => {
    const error = Object.assign(new Error('14 UNAVAILABLE'), { code: 14 });
    const exporter = new RetryingExporter(exporterOf({ code: 1, error }), 60_000);
    const exported = exporter.export([]);
    const waking = setInterval(() => exporter.wake(), 5);
    assert.deepEqual(await exported, SUCCESS);
    clearInterval(waking);
  });

  it('gives up if the next attempt would be too late', async () => {
    const inner = exporterOf(UNAVAILABLE);
    assert.equal(await new RetryingExporter(inner, 100).export([]), UNAVAILABLE);
    assert.equal(inner.export.mock.callCount(), 1);
  });

  it('fails, and does not throw, if the items cannot be exported', async () => {
    const inner = {
      export: mock.fn(() => {
        throw new Error('cannot be serialized');
      }),
    };
    assert.equal((await new RetryingExporter(inner, 60_000).export([])).code, 1);
    assert.equal(inner.export.mock.callCount(), 1);
  });
});
