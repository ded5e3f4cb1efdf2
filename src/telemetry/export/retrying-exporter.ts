import { type Backoff, backoffMs } from '../../util/index.ts';
import { EXPORT_FAILED, EXPORT_SUCCESS, type ExportResult } from './export-result.ts';

/** An exporter of one signal. */
export interface Exporter {
  /** Exports items; calls `done` with the result. */
  export(items: unknown, done: (result: ExportResult) => void): void;
}

/** Pauses between attempts, in milliseconds. */
const BACKOFF: Backoff = { firstMs: 500, maxMs: 5_000, jitter: 0.3 };

/**
 * The gRPC statuses of a request that would fail again: INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS,
 * PERMISSION_DENIED, FAILED_PRECONDITION, UNIMPLEMENTED, INTERNAL, UNAUTHENTICATED. Those that may be
 * retried: https://opentelemetry.io/docs/specs/otlp/#failures
 */
const PERMANENT_GRPC_CODES: ReadonlySet<unknown> = new Set([3, 5, 6, 7, 9, 12, 13, 16]);

/**
 * Retries exports, for a limited time, that a Collector did not accept because it is unavailable, busy or
 * restarting. The exporters themselves retry for the time of one export, 10 seconds by default. The channel
 * bounds the number of waiting exports.
 */
export class RetryingExporter {
  readonly #exporter: Exporter;
  readonly #retryMs: number;
  readonly #wakers = new Set<() => void>();

  /** @param retryMs milliseconds after the first attempt until which another may start */
  constructor(exporter: Exporter, retryMs: number) {
    this.#exporter = exporter;
    this.#retryMs = retryMs;
  }

  /** Exports items and returns the result of the last attempt. Never throws. */
  async export(items: unknown): Promise<ExportResult> {
    const deadline = Date.now() + this.#retryMs;
    for (let retries = 0; ; retries += 1) {
      const result = await this.#exportOnce(items);
      const pause = backoffMs(retries, BACKOFF);
      if (result.code === EXPORT_SUCCESS || isPermanent(result.error) || Date.now() + pause > deadline)
        return result;
      if (await this.#sleep(pause)) retries = 0;
    }
  }

  /** Ends all pauses, so that waiting exports are retried immediately. */
  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  #exportOnce(items: unknown): Promise<ExportResult> {
    return new Promise((resolve) => {
      try {
        this.#exporter.export(items, resolve);
      } catch (error) {
        resolve({
          code: EXPORT_FAILED,
          error: new TypeError('failed to serialize the items', { cause: error }),
        });
      }
    });
  }

  /** @returns whether the pause was ended by {@link wake} */
  #sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (woken: boolean) => () => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve(woken);
      };
      const wake = end(true);
      const timer = setTimeout(end(false), ms);
      this.#wakers.add(wake);
    });
  }
}

/**
 * Returns whether the same export would fail again. The HTTP exporters report an error with the status code
 * only if it must not be retried; the gRPC exporters always report the status.
 */
function isPermanent(error: (Error & { code?: unknown }) | undefined): boolean {
  if (error === undefined) return false;
  if (error instanceof TypeError) return true;
  const { name, code } = error;
  return name === 'OTLPExporterError' ? typeof code === 'number' : PERMANENT_GRPC_CODES.has(code);
}
