import { defineBudget, TokenBudgetTracker } from '../../budget/index.ts';
import { MemoryStore } from '../../stores/index.ts';
import { type Span, type Tracer, type TracerProvider, trace } from '../../telemetry/api/index.ts';
import { currentBudget, withBudget } from '../../telemetry/context/index.ts';
import { errorMessage } from '../../util/index.ts';
import type { ProbeReport } from './report.ts';
import type { SdkClient } from './sdk-copies.ts';

/** The name of the budget of the probe call. */
export const PROBE_BUDGET = 'token-budget-doctor';

/** How long the probe call may take, milliseconds. */
const CALL_TIMEOUT_MS = 5_000;

/** What makes the probe call, and where its spans go. */
export interface ProbeTarget {
  readonly client: SdkClient;
  readonly version: string;
  /** The base URL of doctor's server. */
  readonly url: string;
  /** The `fetch` of the process from before the program could replace it. */
  readonly fetch: typeof fetch;
  /** Sets where the spans of calls go; undefined, to the registered provider. */
  readonly setTracerProvider: (provider: TracerProvider | undefined) => void;
}

/** The part of a client that the probe uses. */
interface ProbeClient {
  readonly chat: { readonly completions: { create(body: object): Promise<unknown> } };
}

/**
 * Makes one call with a class of the program's copy of the SDK to doctor's server. It is charged to a budget of its
 * own, in memory, with a key of its own. Its span goes to the provider that is registered.
 */
export async function makeProbeCall(target: ProbeTarget): Promise<{ report: ProbeReport; span?: Span }> {
  const budget = defineBudget({ name: PROBE_BUDGET, limits: { costUsd: 1 }, mode: 'strict' });
  const tracker = new TokenBudgetTracker(budget, { store: new MemoryStore(), detached: true });
  const spans: Span[] = [];
  let isRecording = false;
  target.setTracerProvider(
    observeSpans((span) => {
      if (currentBudget() !== tracker) return;
      spans.push(span);
      isRecording = span.isRecording();
    }),
  );
  let error: string | undefined;
  try {
    const client = newClient(target);
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello.' }] };
    await withBudget(tracker, () => client.chat.completions.create(body));
  } catch (thrown) {
    error = errorMessage(thrown);
  } finally {
    target.setTracerProvider(undefined);
  }
  const { balances } = await tracker.status();
  const span = spans[0];
  const isSampled = span !== undefined && (span.spanContext().traceFlags & 1) === 1;
  const report: ProbeReport = {
    version: target.version,
    chargedTokens: balances.settled.tokens,
    ...(error === undefined ? {} : { error }),
    span:
      span === undefined ? 'none' : !isRecording ? 'not recorded' : isSampled ? 'recorded' : 'not sampled',
  };
  return span === undefined ? { report } : { report, span };
}

function newClient({ client, url, fetch }: ProbeTarget): ProbeClient {
  const Client = client as unknown as new (options: object) => ProbeClient;
  return new Client({
    apiKey: 'token-budget-doctor',
    organization: null,
    project: null,
    baseURL: url,
    maxRetries: 0,
    timeout: CALL_TIMEOUT_MS,
    dangerouslyAllowBrowser: true,
    fetch: (input: string, init: RequestInit) => fetch(input, init),
  });
}

/** The registered provider, with a listener for the spans that it starts. */
function observeSpans(onSpan: (span: Span) => void): TracerProvider {
  return {
    getTracer: (name, version) => {
      const tracer: Tracer = trace.getTracer(name, version);
      const startSpan: Tracer['startSpan'] = (...args) => {
        const span = tracer.startSpan(...args);
        onSpan(span);
        return span;
      };
      return Object.create(tracer, { startSpan: { value: startSpan } }) as Tracer;
    },
  };
}
