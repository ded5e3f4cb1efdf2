import { hasTracerProvider, reportToHost } from '../telemetry/signals/index.ts';
import { loadEntryModule, VERSION } from '../util/index.ts';
import module from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { metrics, trace } from '@opentelemetry/api';
import { register as registerEsmHooks } from 'import-in-the-middle/register-hooks.mjs';
import { type Store, StoreError, TokenBudgetTracker } from '../budget/index.ts';
import { type Preloaded, preloaded, setPreloaded } from '../calls/index.ts';
import { OpenAIInstrumentation } from '../clients/openai-sdk/index.ts';
import { type Config, ConfigError, loadConfig } from '../config/index.ts';
import { PriceBook } from '../pricing/index.ts';
import { openStore } from '../stores/index.ts';
import { registerBudget, setBaggagePolicy } from '../telemetry/context/index.ts';
import type * as Sdk from '../telemetry/sdk/index.ts';
import { handleShutdown } from './shutdown.ts';

/** How long a thread may take to start at the exit, beyond what a shared store may take to answer, milliseconds. */
const THREAD_MS = 500;

export interface PreloadOptions {
  /** Does not say that no limit is set: for a process whose budget comes from elsewhere. */
  readonly quiet?: boolean;
}

/**
 * Puts a budget on the process: reads the configuration, hooks the openai SDK for CommonJS and ES modules, and
 * starts telemetry once the SDK is loaded. A process that never loads it pays for the hooks alone.
 *
 * A setting that is wrong ends the process with one line on stderr and exit code 78 (EX_CONFIG).
 */
export function preload({ quiet = false }: PreloadOptions = {}): Preloaded {
  const known = preloaded();
  if (known !== undefined) return known;
  const config = orExit(() => loadConfig());
  for (const warning of config.warnings) say(warning);
  if (!config.limitGiven && !quiet) sayDefault(config);
  const { tracker, store } = trackerOf(config);
  registerBudget(tracker);
  setBaggagePolicy({ send: config.sendBaggage, accept: config.acceptBaggage });
  const prices = new PriceBook({ prices: config.prices, unknownModel: config.unknownModel });
  hookEsModules();
  let telemetry: Sdk.Telemetry | undefined;
  let started = false;
  const start = (): void => {
    if (started) return;
    started = true;
    telemetry = startTelemetry(instrumentation, { tracker, prices, version: VERSION });
  };
  const instrumentation = new OpenAIInstrumentation(
    {
      tracker,
      prices,
      unmeteredEndpoints: config.unmeteredEndpoints,
      includeUsage: config.includeUsage,
      captureContent: config.captureContent,
      budgetStatus: config.budgetStatus,
      // Not at once: imports are hoisted, so the host may be about to start an SDK of its own in the module
      // that has just imported openai.
      onPatch: () => setImmediate(start),
      onFirstCall: start,
    },
    VERSION,
  );
  const flush = (): void => telemetry?.flushSync(config.flushTimeoutMs);
  const finish = (): void => {
    instrumentation.endOpenCalls('the process exits');
    store.settleAtExit?.(2 * config.storeTimeoutMs + THREAD_MS);
    flush();
  };
  // Cheaper than at the exit, which takes a thread for it; once, so that it does not keep the process from its end.
  process.once('beforeExit', () => void store.returnUnused?.());
  handleShutdown({ onExit: finish, onPossibleExit: flush }, isMainThread);
  const result = { tracker, config, services: instrumentation.services, startTelemetry: start };
  setPreloaded(result);
  return result;
}

/**
 * Uses the provider that the host has registered by now, and adds nothing to it; starts the SDK where there is none. The
 * SDK is loaded here, and not at start, so that it costs nothing to a process that never loads openai.
 */
function startTelemetry(
  instrumentation: OpenAIInstrumentation,
  options: { tracker: TokenBudgetTracker; prices: PriceBook; version: string },
): Sdk.Telemetry | undefined {
  let telemetry: Sdk.Telemetry | undefined;
  if (hasTracerProvider()) reportToHost(options.version);
  else telemetry = (loadEntryModule('telemetry/sdk/index') as typeof Sdk).startSdk(options);
  // Its tracer and meter are from before; the provider may be registered with another copy of the API.
  instrumentation.setTracerProvider(trace.getTracerProvider());
  instrumentation.setMeterProvider(metrics.getMeterProvider());
  return telemetry;
}

/** The process's budget in the store that is set, which tells of its failures as events of the budget. */
function trackerOf(config: Config): { tracker: TokenBudgetTracker; store: Store } {
  const { budget, store: place, localQuota, failurePolicy, storeTimeoutMs, waitMs, leaseMs } = config;
  const onChange = (available: boolean, cause?: unknown): void => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (available) tracker.emit({ type: 'store_available', budget: budget.name });
    else tracker.emit({ type: 'store_unavailable', budget: budget.name, failurePolicy, reason });
  };
  const store = orExit(() =>
    openStore({ store: place, localQuota, failurePolicy, storeTimeoutMs, leaseMs, onChange }),
  );
  const tracker = new TokenBudgetTracker(budget, { store, waitMs, leaseMs });
  return { tracker, store };
}

/** Has imports of openai's entry points, and of nothing else, come by the instrumentation. */
function hookEsModules(): void {
  registerEsmHooks({
    include: [
      /[\\/]node_modules[\\/]openai[\\/](index|client)\.m?js$/,
      // The classes of Realtime and of Responses over a WebSocket.
      /[\\/]node_modules[\\/]openai[\\/](beta|realtime|resources)[\\/](.+[\\/])?(ws|websocket)\.m?js$/,
    ],
  });
  // With `-e` Node would read a builtin of its own as a file where a hook hands it on (22 and 24): it is not handed on. Not otherwise,
  // as it would be hidden from hooks of the host's.
  const evaluates = process.execArgv.some((arg) => /^(-e|-p|-pe|--eval|--print)(=|$)/.test(arg));
  if (!evaluates) return;
  module.registerHooks({
    load: (url, context, next) =>
      module.isBuiltin(url) ? { format: 'builtin', shortCircuit: true } : next(url, context),
  });
}

/** What is set wrong ends the process with one line, before anything of the application runs. */
function orExit<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof StoreError)) throw error;
    say(error.message);
    process.exit(78);
  }
}

function sayDefault({ budget }: Config): void {
  const limit = `$${budget.limits.costUsd ?? 0} (15 minutes of work)`;
  const what = budget.mode === 'observe' ? 'nothing is refused' : `limits are held: ${budget.mode}`;
  say(
    `no limit is set, so ${limit} is watched and ${what}; set one with TOKEN_BUDGET_USD=5 or _TOKENS, _CALLS, _MINUTES`,
  );
}

function say(line: string): void {
  process.stderr.write(`otel-token-budget: ${line}\n`);
}
