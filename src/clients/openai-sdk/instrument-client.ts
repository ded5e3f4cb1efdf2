import { metrics, trace } from '@opentelemetry/api';
import type { BudgetStatusSetting, TokenBudgetTracker } from '../../budget/index.ts';
import { type CallServices, createCallServices } from '../../calls/index.ts';
import { PriceBook } from '../../pricing/index.ts';
import { SCOPE } from '../../telemetry/names/index.ts';
import { createCallInstruments } from '../../telemetry/signals/index.ts';
import { clientPatches, isInstrumented, type Method } from './patches.ts';

/** The budget of a client, and how its calls are priced. */
export interface InstrumentClientOptions {
  /** The budget of calls that are made outside of any other (`withBudget`). */
  readonly tracker: TokenBudgetTracker;
  /** List prices where absent. */
  readonly prices?: PriceBook;
  /** Whether streams are asked for their usage; `auto` where absent. */
  readonly includeUsage?: 'auto' | 'always' | 'never';
  /** Whether calls are told their budget; `off` where absent. */
  readonly budgetStatus?: BudgetStatusSetting;
}

/**
 * Puts a budget on one client of the openai SDK (4.19 to 7), for a program that does not run under the preload: its calls are
 * reserved, charged and traced as they would be there. A client whose class is instrumented already is left as it is.
 * @returns the client
 * @throws TypeError where it is not a client of the openai SDK
 */
export function instrumentClient<T extends object>(client: T, options: InstrumentClientOptions): T {
  if (typeof Reflect.get(client, 'makeRequest') !== 'function') {
    throw new TypeError('client: taken is a client of the openai SDK, such as new OpenAI()');
  }
  if (isInstrumented(client)) return client;
  for (const { name, wrap } of clientPatches(hostOf(options))) {
    const original: unknown = Reflect.get(client, name);
    if (typeof original !== 'function') continue;
    const value = wrap(original as Method);
    Object.defineProperty(client, name, { value, configurable: true, writable: true });
  }
  return client;
}

function hostOf({ prices, ...options }: InstrumentClientOptions): CallServices {
  const instruments = createCallInstruments(metrics.getMeter(SCOPE));
  return createCallServices(
    { ...options, prices: prices ?? new PriceBook() },
    {
      // Read for each call: a provider may be registered later, with another copy of the API.
      get tracer() {
        return trace.getTracer(SCOPE);
      },
      instruments,
    },
  );
}
