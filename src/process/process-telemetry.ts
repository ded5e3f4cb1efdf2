import { loadedHostSdks, onHostSdk, whileLoadingOwnSdk } from '../clients/openai-sdk/index.ts';
import { flushProviders, hasTracerProvider } from '../telemetry/api/index.ts';
import type * as Sdk from '../telemetry/sdk/index.ts';
import { reportToHostProviders } from '../telemetry/signals/index.ts';
import { loadEntryModule, printLine, VERSION } from '../util/index.ts';

/** Packages that an application loads to register a tracer provider; others are also loaded for their classes alone. */
const REGISTERS_PROVIDER = /sdk-node|sdk-trace-node|@vercel\/otel/;

const ADVICE =
  'its traces are not sent where it says, but by this package. Start it before openai is loaded, in a file given with ' +
  '--import; see docs/opentelemetry.md';

/** The telemetry of the process: the host's, or an SDK that this package starts. */
export class ProcessTelemetry {
  readonly #budget: Pick<Sdk.TelemetryOptions, 'tracker' | 'prices'>;
  #isStarted = false;
  #sdk: Sdk.Telemetry | undefined;

  constructor(budget: Pick<Sdk.TelemetryOptions, 'tracker' | 'prices'>) {
    this.#budget = budget;
  }

  /**
   * Starts telemetry once openai is loaded. An application that has loaded an OpenTelemetry SDK and not registered a
   * provider yet may do so later, after it has read its settings: it has time until the first call.
   */
  startUnlessHostMay(): void {
    if (hasTracerProvider() || loadedHostSdks().length === 0) this.start();
  }

  /**
   * Uses the provider that the host has registered by now, and adds nothing to it; without one, starts the
   * SDK. The SDK is loaded only now, so that a process that never loads openai does not pay for it. Further
   * calls have no effect.
   */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    if (hasTracerProvider()) reportToHostProviders(VERSION);
    else this.#startSdk();
  }

  /** Sends the spans that have ended, as {@link Sdk.Telemetry} says; undefined if our SDK does not run. */
  get sendSpans(): (() => Promise<boolean | undefined>) | undefined {
    const sdk = this.#sdk;
    return sdk === undefined ? undefined : () => sdk.sendSpans();
  }

  /** Sends what is recorded, by our SDK or by that of the host. */
  async flush(): Promise<void> {
    if (this.#sdk === undefined) await flushProviders();
    else await this.#sdk.flush();
  }

  /** Starts to send what is recorded, if our SDK runs. */
  startFlush(): void {
    this.#sdk?.startFlush();
  }

  /** Hands over spans and log records to the thread that sends them, if our SDK runs. */
  handOver(): void {
    this.#sdk?.handOver();
  }

  /** Sends what is recorded, if our SDK runs. */
  flushSync(timeoutMs: number): void {
    this.#sdk?.flushSync(timeoutMs);
  }

  #startSdk(): void {
    const { tracker, prices } = this.#budget;
    this.#sdk = whileLoadingOwnSdk(() =>
      loadSdk().startSdk({ tracker, prices, version: VERSION, onProblem: printLine }),
    );
    const waiting = loadedHostSdks().find((name) => REGISTERS_PROVIDER.test(name));
    if (waiting !== undefined) {
      printLine(
        `${waiting} had registered no tracer provider by the first call; if it does so later, ${ADVICE}`,
      );
      return;
    }
    let isReported = false;
    onHostSdk((name) => {
      if (!isReported)
        printLine(`${name} was loaded after openai; if it registers a tracer provider, ${ADVICE}`);
      isReported = true;
    });
  }
}

function loadSdk(): typeof Sdk {
  return loadEntryModule('telemetry/sdk/index') as typeof Sdk;
}
