import { metrics, trace } from '@opentelemetry/api';
import type { BudgetStatusSetting, TokenBudgetTracker } from '../../budget/index.ts';
import { type CallServices, createCallServices, type FailureBilling } from '../../calls/index.ts';
import { PriceBook } from '../../pricing/index.ts';
import { SCOPE } from '../../telemetry/names/index.ts';
import { createCallInstruments } from '../../telemetry/signals/index.ts';
import { clientPatches, isInstrumented } from './patches.ts';
import type { Method } from './sdk-types.ts';

/** The budget of a client, and how its calls are priced and recorded. */
export interface InstrumentClientOptions {
  /** The budget of calls made outside any `withBudget`. */
  readonly tracker: TokenBudgetTracker;
  /** The prices; default: the list prices. */
  readonly prices?: PriceBook;
  /** What requests are charged that fail with an error status, by the status, if not as by default. */
  readonly failureBilling?: FailureBilling;
  /** Whether streams are asked for their usage; default: `auto`, if the API is known to accept the option. */
  readonly includeUsage?: 'auto' | 'always' | 'never';
  /** Whether the model is given the status of its budget, and in which format; default: `off`. */
  readonly budgetStatus?: BudgetStatusSetting;
}

/**
 * Puts a budget on one client of the openai SDK (4.19 to 7), for a program that does not run under the
 * preload: its calls are reserved, charged and traced as they would be with it. A client whose class is
 * already instrumented is left unchanged.
 * @returns the client
 * @throws TypeError if it is not a client of the openai SDK
 * @example
 * const client = instrumentClient(new OpenAI(), { tracker });
 */
export function instrumentClient<T extends object>(client: T, options: InstrumentClientOptions): T {
  if (typeof Reflect.get(client, 'makeRequest') !== 'function') {
    throw new TypeError(
      'client: got no method makeRequest, expected a client of the openai SDK, such as new OpenAI()',
    );
  }
  if (isInstrumented(client)) return client;
  for (const { name, wrap } of clientPatches(newServices(options))) {
    const original: unknown = Reflect.get(client, name);
    if (typeof original !== 'function') continue;
    const value = wrap(original as Method);
    Object.defineProperty(client, name, { value, configurable: true, writable: true });
  }
  return client;
}

function newServices({ prices, ...options }: InstrumentClientOptions): CallServices {
  const instruments = createCallInstruments(metrics.getMeter(SCOPE));
  return createCallServices(
    { ...options, prices: prices ?? new PriceBook() },
    {
      // Looked up for each call: a provider may be registered later, by another copy of the API.
      get tracer() {
        return trace.getTracer(SCOPE);
      },
      instruments,
    },
  );
}
