/**
 * An application's own OpenTelemetry SDK, the same for every set-up: a batch processor, a periodic reader and exporters that do
 * nothing. Preloaded with `--require`; `BENCH_INSTRUMENTATION` names the package whose instrumentation is registered with it.
 */
import { createRequire } from 'node:module';
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';

type Done = (result: { code: number }) => void;

const nowhere = {
  export: (_: unknown, done: Done) => done({ code: 0 }),
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

const name = process.env['BENCH_INSTRUMENTATION'];
const sdk = new NodeSDK({
  spanProcessors: [new BatchSpanProcessor({ exporter: nowhere })],
  metricReaders: [
    new PeriodicExportingMetricReader({
      exporter: nowhere,
      exportIntervalMillis: 1_000,
      exportTimeoutMillis: 1_000,
    }),
  ],
  logRecordProcessors: [new BatchLogRecordProcessor({ exporter: nowhere })],
  instrumentations: name === undefined ? [] : [instrumentation(name)],
});
sdk.start();

/** The peers are installed in a folder of their own. */
function instrumentation(of: string) {
  const require = createRequire(new URL('../peers/package.json', import.meta.url));
  const { OpenAIInstrumentation } = require(of) as {
    OpenAIInstrumentation: new () => import('@opentelemetry/instrumentation').Instrumentation;
  };
  return new OpenAIInstrumentation();
}
