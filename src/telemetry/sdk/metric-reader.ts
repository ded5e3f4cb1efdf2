import {
  type CollectionResult,
  PeriodicExportingMetricReader,
  type PeriodicExportingMetricReaderOptions,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

/** Records what is not recorded as it happens; `ending`: for the last time, as far as is known. */
export type Refresh = (ending: boolean) => void;

/**
 * A periodic reader that has values brought up to date before it collects, and that can collect at once, for
 * the exit of the process.
 */
export class BudgetMetricReader extends PeriodicExportingMetricReader {
  readonly #exporter: PushMetricExporter;
  readonly #refresh: Refresh;

  constructor(options: PeriodicExportingMetricReaderOptions, refresh: Refresh) {
    super(options);
    this.#exporter = options.exporter;
    this.#refresh = refresh;
  }

  override collect(...args: Parameters<PeriodicExportingMetricReader['collect']>): Promise<CollectionResult> {
    this.#refresh(false);
    return super.collect(...args);
  }

  /** Collects and hands over to the exporter without waiting for anything: the process ends. */
  exportNow(): void {
    this.#refresh(true);
    const metrics = collectNow(this);
    if (metrics !== undefined) this.#exporter.export(metrics, () => undefined);
  }
}

/** The parts of the SDK's collector that lie under its public `collect`. */
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
 * What `collect()` gives, without its promises: `process.exit()` may be called from a promise's continuation,
 * and there no other continuation runs any more. The SDK has no public way to do so; its version is pinned,
 * and where its parts are others than these, the last metrics are not sent.
 */
function collectNow(reader: object): ResourceMetrics | undefined {
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
