import {
  type MeterProvider,
  metrics,
  type Tracer,
  type TracerProvider,
  trace,
} from '../telemetry/api/index.ts';
import { SCOPE } from '../telemetry/names/index.ts';
import { type CallInstruments, createCallInstruments } from '../telemetry/signals/index.ts';
import { VERSION } from '../util/index.ts';
import type { CallTelemetry } from './services.ts';

/**
 * The tracer and the instruments of calls: of the providers that were set, otherwise of those registered by the
 * time of the call.
 */
export class HostTelemetry implements CallTelemetry {
  #givenTracers: TracerProvider | undefined;
  #givenMeters: MeterProvider | undefined;
  #tracers: TracerProvider | undefined;
  #meters: MeterProvider | undefined;
  #tracer: Tracer | undefined;
  #instruments: CallInstruments | undefined;

  /** Uses this provider from now on, whatever is registered; undefined, the one that is registered. */
  setTracerProvider(provider: TracerProvider | undefined): void {
    this.#givenTracers = provider;
  }

  /** Uses this provider from now on, whatever is registered. */
  setMeterProvider(provider: MeterProvider): void {
    this.#givenMeters = provider;
  }

  get tracer(): Tracer {
    const provider = this.#givenTracers ?? trace.getTracerProvider();
    if (this.#tracer === undefined || provider !== this.#tracers)
      this.#tracer = provider.getTracer(SCOPE, VERSION);
    this.#tracers = provider;
    return this.#tracer;
  }

  get instruments(): CallInstruments {
    const provider = this.#givenMeters ?? metrics.getMeterProvider();
    if (this.#instruments === undefined || provider !== this.#meters)
      this.#instruments = createCallInstruments(provider.getMeter(SCOPE, VERSION));
    this.#meters = provider;
    return this.#instruments;
  }
}
