import { metrics, trace } from '@opentelemetry/api';
import type { TokenBudgetTracker } from '../budget/index.ts';
import { PriceBook } from '../pricing/index.ts';
import { SCOPE } from '../telemetry/names/index.ts';
import { type CallInstruments, createCallInstruments } from '../telemetry/signals/index.ts';
import { type CallServices, type CallServicesOptions, createCallServices } from './services.ts';

/** How calls are charged that are made another way than through the openai SDK. */
export interface BudgetOptions {
  /** The budget of calls that are made outside of any `withBudget`; the one of the preload where absent. */
  readonly tracker?: TokenBudgetTracker;
  /** The prices; those of the preload, else the book's, where absent. */
  readonly prices?: PriceBook;
  /** Whether streams are asked for their usage; `auto` (the default): where the API is known to take it. */
  readonly includeUsage?: 'auto' | 'always' | 'never';
  /** Whether prompts and completions go into spans; the default is no. */
  readonly captureContent?: boolean;
}

/** There is no budget to charge: neither a preload nor a tracker. */
export class NoBudgetError extends Error {
  readonly code = 'token_budget_missing';

  constructor(what: string) {
    super(
      `${what} has no budget to charge. Give it one as { tracker }, or start the process with --require ` +
        'otel-token-budget/register.',
    );
    this.name = 'NoBudgetError';
  }
}

const byTracker = new WeakMap<TokenBudgetTracker, CallServices>();

/**
 * The host of such calls: the preload's where no tracker is given, so that they share its telemetry and what is known of responses.
 * @param what asks for it, for the error
 * @throws NoBudgetError where there is neither a tracker nor a preload
 */
export function resolveServices(
  what: string,
  options: BudgetOptions,
  preloaded: CallServices | undefined,
): CallServices {
  const { prices, includeUsage, captureContent } = options;
  const tracker = options.tracker ?? preloaded?.tracker;
  if (tracker === undefined) throw new NoBudgetError(what);
  if (tracker === preloaded?.tracker) return withOptions(preloaded, options);
  const known = byTracker.get(tracker);
  if (known !== undefined) return withOptions(known, options);
  const made = newHost({ tracker, prices: prices ?? new PriceBook(), includeUsage, captureContent });
  byTracker.set(tracker, made);
  return made;
}

function newHost(options: CallServicesOptions): CallServices {
  let instruments: CallInstruments | undefined;
  return createCallServices(options, {
    get tracer() {
      return trace.getTracer(SCOPE);
    },
    // Created with the first call, for an SDK that is registered by then.
    get instruments() {
      instruments ??= createCallInstruments(metrics.getMeter(SCOPE));
      return instruments;
    },
  });
}

/** What is shared stays shared; only what was asked for is different. */
function withOptions(
  services: CallServices,
  { prices, includeUsage, captureContent }: BudgetOptions,
): CallServices {
  if (prices === undefined && includeUsage === undefined && captureContent === undefined) return services;
  return Object.create(services, {
    ...(prices === undefined ? {} : { prices: { value: prices } }),
    ...(includeUsage === undefined ? {} : { includeUsage: { value: includeUsage } }),
    ...(captureContent === undefined ? {} : { captureContent: { value: captureContent } }),
  }) as CallServices;
}
