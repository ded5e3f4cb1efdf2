import type { TokenBudgetTracker } from '../budget/index.ts';
import { PriceBook } from '../pricing/index.ts';
import { shareClass } from '../util/index.ts';
import { type FailureBilling, failureCharges } from './failure-charges.ts';
import { HostTelemetry } from './host-telemetry.ts';
import { type CallServices, createCallServices } from './services.ts';

/** The budget of calls that are not made through the openai SDK, and how they are priced and recorded. */
export interface BudgetOptions {
  /** The budget of calls made outside any `withBudget`; default: the preload's. */
  readonly tracker?: TokenBudgetTracker;
  /** The prices; default: the preload's, else the list prices. */
  readonly prices?: PriceBook;
  /** What requests are charged that fail with an error status, by the status, if not as by default. */
  readonly failureBilling?: FailureBilling;
  /**
   * Whether `strict` refuses a request whose cost is unknown or unbounded; default: the preload's, else `warn`, it
   * is sent and reported.
   */
  readonly unmeteredEndpoints?: 'warn' | 'refuse';
  /** Whether streams are asked for their usage; default: `auto`, if the API is known to accept the option. */
  readonly includeUsage?: 'auto' | 'always' | 'never';
  /** Whether spans carry prompts and completions; default: no. */
  readonly captureContent?: boolean;
  /** Whether an event of each call carries them; default: no. */
  readonly contentEvents?: boolean;
}

/** There is no budget to charge: neither a tracker nor a preload. */
export class NoBudgetError extends Error {
  readonly code = 'token_budget_missing';

  constructor(what: string) {
    super(
      `${what} has no budget to charge. Pass one as { tracker }, or start the process with --require ` +
        'otel-token-budget/register.',
    );
    this.name = 'NoBudgetError';
  }
}

shareClass(NoBudgetError, 'NoBudgetError');

const servicesByTracker = new WeakMap<TokenBudgetTracker, CallServices>();

/**
 * Returns the services for the calls of a budget: the preload's if it is the preload's budget, so that they
 * share its telemetry and its memory of responses; else one set per tracker.
 * @param what the function that needs them, for the error
 * @throws NoBudgetError if there is neither a tracker nor a preload
 * @throws TypeError if `failureBilling` has a wrong field
 */
export function resolveServices(
  what: string,
  options: BudgetOptions,
  preloaded: CallServices | undefined,
): CallServices {
  const { prices, failureBilling, unmeteredEndpoints, includeUsage, captureContent, contentEvents } = options;
  const tracker = options.tracker ?? preloaded?.tracker;
  if (tracker === undefined) throw new NoBudgetError(what);
  if (tracker === preloaded?.tracker) return withOptions(preloaded, options);
  const existing = servicesByTracker.get(tracker);
  if (existing !== undefined) return withOptions(existing, options);
  const services = createCallServices(
    {
      tracker,
      prices: prices ?? new PriceBook(),
      failureBilling,
      unmeteredEndpoints,
      includeUsage,
      captureContent,
      contentEvents,
    },
    new HostTelemetry(),
  );
  servicesByTracker.set(tracker, services);
  return services;
}

/** The same services, still shared, except for the options that are set. */
function withOptions(services: CallServices, options: BudgetOptions): CallServices {
  const { failureBilling, prices, unmeteredEndpoints, includeUsage, captureContent, contentEvents } = options;
  const changed = {
    prices,
    unmeteredEndpoints,
    includeUsage,
    captureContent,
    contentEvents,
    failureCharges: failureBilling === undefined ? undefined : failureCharges(failureBilling),
  };
  const entries = Object.entries(changed).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return services;
  return Object.create(
    services,
    Object.fromEntries(entries.map(([name, value]) => [name, { value }])),
  ) as CallServices;
}
