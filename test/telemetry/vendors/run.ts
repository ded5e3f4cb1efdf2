import assert from 'node:assert/strict';
import type { BudgetEvent } from '../../../src/budget/index.ts';
import { agentModel } from '../../support/agent-model.ts';
import type { OpenaiVersion, Workspace } from '../../support/paths.ts';
import { runScript, type ScriptResult } from '../../support/script-run.ts';

export interface VendorRun {
  readonly workspace: Workspace;
  readonly openai?: OpenaiVersion;
  /** Registers the instrumentation; `telemetry(exporter)` is there. */
  readonly script: string;
  /** `preload`: under the preload alone, whose SDK sees both spans. `alone`: without it, the application's SDK has our processor. */
  readonly with: 'preload' | 'alone';
  readonly files?: Readonly<Record<string, string>>;
}

export interface VendorResult extends ScriptResult {
  /** What the ledger says. */
  readonly settled: { costNanoUsd: number; tokens: number; calls: number };
  readonly missing: readonly Extract<BudgetEvent, { type: 'usage_missing' }>[];
  /** The names of the spans of the instrumentation. */
  readonly vendorSpans: readonly string[];
}

/** An SDK of the application's own, with our processor on it. */
const OWN_SDK = `
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { BudgetSpanProcessor, defineBudget, MemoryStore, PriceBook, TokenBudgetTracker } from 'otel-token-budget';

export const tracker = new TokenBudgetTracker(defineBudget({ name: 'mine', limits: { costUsd: 5 } }), { store: new MemoryStore() });
const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new TracerProvider({
    spanProcessors: [new BudgetSpanProcessor({ tracker, prices: new PriceBook() }), new SimpleSpanProcessor({ exporter })],
  }),
);
export const spanNames = () => exporter.getFinishedSpans().map(({ name }) => name);
`;

const PRELOADED = `
export const tracker = globalThis[Symbol.for('otel-token-budget.preloaded')].tracker;
export const spanNames = () => [];
`;

/** Runs an application with an instrumentation of another vendor, and says what the ledger has of it. */
export async function runVendor(run: VendorRun): Promise<VendorResult> {
  const alone = run.with === 'alone';
  const result = await runScript({
    workspace: run.workspace,
    ...(run.openai === undefined ? {} : { openai: run.openai }),
    openaiLate: true,
    choose: agentModel,
    ...(alone ? { args: [] } : {}),
    env: { TOKEN_BUDGET_USD: '5', OPENAI_API_KEY: 'sk-secret-key' },
    files: { 'sdk.mjs': alone ? OWN_SDK : PRELOADED, ...run.files },
    script: `
      const { tracker, spanNames } = await import('./sdk.mjs');
      const missing = [];
      tracker.on((event) => { if (event.type === 'usage_missing') missing.push(event); });
      ${run.script}
      // Instrumentations end their spans in promises of their own.
      for (let n = 0; n < 10; n += 1) await new Promise(setImmediate);
      print({ settled: (await tracker.status()).balances.settled, missing, names: spanNames() });`,
  });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stderr, '');
  const { settled, missing, names } = result.printed.at(-1) as {
    settled: VendorResult['settled'];
    missing: VendorResult['missing'];
    names: string[];
  };
  const exported = result.otlp.spans().filter(({ scope }) => scope !== 'otel-token-budget');
  return { ...result, settled, missing, vendorSpans: alone ? names : exported.map(({ name }) => name) };
}
