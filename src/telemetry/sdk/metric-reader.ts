import {
  type CollectionResult,
  PeriodicExportingMetricReader,
  type PeriodicExportingMetricReaderOptions,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

/** Records values that are not recorded as they change. `ending` is true for the last collection at exit. */
export type Refresh = (ending: boolean) => void;

/** A periodic reader that refreshes values before it collects, and that can collect synchronously at exit. */
export class BudgetMetricReader extends PeriodicExportingMetricReader {
  readonly #exporter: PushMetricExporter;
  readonly #refresh: Refresh;

  constructor(options: PeriodicExportingMetricReaderOptions, refresh: Refresh) {
    super(options);
    this.#exporter = options.exporter;
    this.#refresh = refresh;
  }

  /** Refreshes the values, then collects. */
  override collect(...args: Parameters<PeriodicExportingMetricReader['collect']>): Promise<CollectionResult> {
    this.#refresh(false);
    return super.collect(...args);
  }

  /** Collects and hands the metrics to the exporter synchronously, because the process is exiting. */
  exportNow(): void {
    this.#refresh(true);
    const metrics = collectSync(this);
    if (metrics !== undefined) this.#exporter.export(metrics, () => undefined);
  }
}

/** The internals of the SDK's collector that its public `collect` uses. */
interface Collector {
  readonly _sharedState: {
    readonly resource: ResourceMetrics['resource'];
    readonly meterSharedStates: ReadonlyMap<string, MeterState>;
  };
}

interface MeterState {
  readonly _instrumentationScope: ResourceMetrics['scopeMetrics'][number]['scope'];
  readonly metricStorageRegistry: { getStorages(collector: Collector): readonly Storage[] };
}

type Metric = ResourceMetrics['scopeMetrics'][number]['metrics'][number];

interface Storage {
  collect(collector: Collector, time: [number, number]): Metric | undefined;
}

/**
 * Returns the result of `collect()` without its promises.
 *
 * `process.exit()` may be called where no continuation of a promise runs any more, and the SDK has no
 * synchronous `collect`. This function therefore reads internals of the SDK: `_sdkMetricProducer` of the
 * reader, its `_sharedState` with `meterSharedStates`, `getStorages` of their storage registries, and
 * `collect` of each storage.
 *
 * The version of the SDK is pinned, and tests cover the metrics sent at exit. If the internals change, the
 * function returns undefined: the last metrics are not sent, and nothing throws.
 */
function collectSync(reader: object): ResourceMetrics | undefined {
  try {
    const collector = Reflect.get(reader, '_sdkMetricProducer') as Collector;
    const now = Date.now();
    const time: [number, number] = [Math.floor(now / 1_000), (now % 1_000) * 1_000_000];
    const scopeMetrics = [...collector._sharedState.meterSharedStates.values()].map((state) => ({
      scope: state._instrumentationScope,
      metrics: state.metricStorageRegistry
        .getStorages(collector)
        .map((storage) => storage.collect(collector, time))
        .filter((metric) => metric !== undefined),
    }));
    return {
      resource: collector._sharedState.resource,
      scopeMetrics: scopeMetrics.filter(({ metrics }) => metrics.length > 0),
    };
  } catch {
    return undefined;
  }
}
