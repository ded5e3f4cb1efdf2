import type { BudgetStatusSetting, TokenBudgetTracker } from '../../budget/index.ts';
import { createCallServices, type FailureBilling, HostTelemetry } from '../../calls/index.ts';
import { PriceBook } from '../../pricing/index.ts';
import { clientPatches } from './patches.ts';
import { isWrapped, WrappedMethods } from './wrapping/index.ts';

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
  if (isWrapped(client, 'makeRequest')) return client;
  const { prices = new PriceBook(), ...others } = options;
  const services = createCallServices({ ...others, prices }, new HostTelemetry());
  new WrappedMethods().wrap(client, clientPatches(services));
  return client;
}
