import { errorMessage, fieldsOf, listOf, withTimeout } from '../../util/index.ts';
import { type AnyProvider, registeredProvider } from './registered-provider.ts';
import type { ExportReport } from './report.ts';

/** How long the receiver of spans may take to accept one, milliseconds. */
const EXPORT_TIMEOUT_MS = 3_000;

/**
 * Has the provider send the spans that have ended, and returns what became of them.
 * @param sendSpans sends them if this package's SDK runs; undefined with a provider of the program
 */
export async function sendProbeSpan(
  sendSpans: (() => Promise<boolean | undefined>) | undefined,
): Promise<ExportReport> {
  const flush = sendSpans ?? flushOfProgram();
  if (typeof flush !== 'function') return flush;
  try {
    const late = (): Error => new Error(`not accepted within ${EXPORT_TIMEOUT_MS / 1_000} s`);
    const isAccepted = await withTimeout(flush(), EXPORT_TIMEOUT_MS, late);
    if (isAccepted === undefined)
      return { state: 'unknown', reason: 'OTEL_TRACES_EXPORTER names no receiver' };
    return isAccepted ? { state: 'accepted' } : { state: 'failed', reason: 'the export failed' };
  } catch (error) {
    return { state: 'failed', reason: flushError(error) };
  }
}

/** Returns what flushes the provider of the program, or why nothing does. */
function flushOfProgram(): (() => Promise<boolean | undefined>) | ExportReport {
  const provider = registeredProvider();
  if (hasNoProcessor(provider)) return { state: 'failed', reason: 'the provider has no span processor' };
  if (typeof provider.forceFlush !== 'function')
    return { state: 'unknown', reason: 'the provider has no forceFlush' };
  return async () => {
    await provider.forceFlush?.();
    return true;
  };
}

/** Whether a provider is known to pass spans on to nothing, by the fields that the SDKs have. */
function hasNoProcessor(provider: AnyProvider): boolean {
  const { _registeredSpanProcessors: ofSdk1, _activeSpanProcessor: active } = fieldsOf(provider);
  const list = ofSdk1 ?? fieldsOf(active)['_spanProcessors'];
  return Array.isArray(list) && list.length === 0;
}

/** Flushing rejects with a list of errors, of which the first says enough. */
function flushError(error: unknown): string {
  return errorMessage(listOf(error)[0] ?? error);
}
