import type { TokenBudgetTracker } from '../budget/index.ts';
import { getPreloaded, type Preloaded } from '../calls/index.ts';
import { prototypeOfClient } from '../clients/openai-sdk/index.ts';
import type { Settings } from '../config/index.ts';
import { PriceBook } from '../pricing/index.ts';
import { flushProviders } from '../telemetry/api/index.ts';
import { BudgetSpanProcessor, RecordModelCallsSampler, type SdkSampler } from '../telemetry/vendors/index.ts';
import { printLine } from '../util/index.ts';
import { preloadBudget } from './preload.ts';

/** The settings of the budget, as in the configuration file, and the classes to meter. */
export interface StartBudgetOptions extends Settings {
  /**
   * Classes of the openai SDK that were loaded before the budget is started, or that a bundler or a test runner loads:
   * `[OpenAI]`. Those that are loaded later are metered without it.
   */
  readonly clients?: readonly { readonly prototype: object }[];
}

/** A budget that was started by code. */
export interface StartedBudget {
  readonly tracker: TokenBudgetTracker;
  /**
   * For the span processors of the host's SDK: charges the calls that other instrumentations report. The calls that
   * this package makes spans for are charged without it.
   */
  readonly spanProcessor: BudgetSpanProcessor;
  /**
   * Wraps the sampler of the host's SDK, so that the calls of other instrumentations are charged that it drops. The
   * calls that this package makes spans for are charged without it.
   */
  sampler<Result extends { readonly decision: number }>(
    sampler: SdkSampler<Result>,
  ): RecordModelCallsSampler<Result>;
  /** Does the same as {@link flush}. */
  flush(): Promise<void>;
}

/**
 * Puts a budget on the process by code, as the preload does: for programs that set up their telemetry themselves, in an
 * `instrumentation.ts` or a file loaded by `--import`, or at the top of a CommonJS program. Variables (`TOKEN_BUDGET_USD`)
 * and the configuration file override the settings given here, so that the operator has the last word.
 *
 * Spans, metrics and events go to the OpenTelemetry SDK that the program registers before its first call, of any release
 * from 1.x; without one, to an SDK that this package starts.
 *
 * In a process that has a budget already, by the preload or an earlier call, it returns that one.
 * @throws ConfigError if a setting is wrong
 * @throws StoreError if the store cannot be opened
 * @throws TypeError if a client is not a class of the openai SDK
 * @example
 * const budget = startBudget({ limits: { costUsd: 5 } });
 * const sdk = new NodeSDK({ spanProcessors: [budget.spanProcessor] });
 * sdk.start();
 */
export function startBudget({ clients = [], ...settings }: StartBudgetOptions = {}): StartedBudget {
  // Before the budget is started.
  clients.forEach(prototypeOfClient);
  const earlier = getPreloaded();
  if (earlier !== undefined && Object.keys(settings).length > 0)
    printLine(
      `startBudget: the process has the budget "${earlier.tracker.budget.name}" already, and the settings given here have no effect`,
    );
  const preloaded = earlier ?? preloadBudget({ settings, throws: true });
  for (const client of clients) preloaded.patchClass(client);
  return startedBudget(preloaded);
}

/**
 * Sends what is recorded, returns unused local quotas of shared budgets, and resolves when that is done: for a
 * process that is frozen or ended without an exit, as on AWS Lambda.
 * @throws Error if it takes more than 30 seconds
 * @example
 * export async function handler(event) {
 *   try {
 *     return await answer(event);
 *   } finally {
 *     await flush();
 *   }
 * }
 */
export async function flush(): Promise<void> {
  await (getPreloaded()?.flush() ?? flushProviders());
}

function startedBudget({ tracker, services }: Preloaded): StartedBudget {
  let processor: BudgetSpanProcessor | undefined;
  return {
    tracker,
    get spanProcessor() {
      processor ??= new BudgetSpanProcessor({ tracker, prices: services?.prices ?? new PriceBook() });
      return processor;
    },
    sampler: (sampler) => new RecordModelCallsSampler(sampler),
    flush,
  };
}
