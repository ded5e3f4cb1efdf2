import type { Tracer } from '@opentelemetry/api';
import type { TokenBudgetTracker } from '../budget/index.ts';
import type { PriceBook } from '../pricing/index.ts';
import type { Call, CallHost } from './call.ts';
import type { Instruments } from './instruments.ts';
import { ResponseMemory } from './response-memory.ts';

export interface CallHostOptions {
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  readonly includeUsage?: 'auto' | 'always' | 'never' | undefined;
  readonly captureContent?: boolean | undefined;
  /** Called once, before the first call begins. */
  readonly onFirstCall?: (() => void) | undefined;
}

/** Where the telemetry of calls goes; asked for with each call, since providers may be registered late. */
export interface CallTelemetry {
  tracer(): Tracer;
  instruments(): Instruments;
}

/** What calls share, from the options that a user gives. */
export function createCallHost(
  options: CallHostOptions,
  telemetry: CallTelemetry,
  open = new Set<Call>(),
): CallHost {
  const { tracker, prices, includeUsage, captureContent, onFirstCall } = options;
  let called = false;
  const models = new Set<string>();
  return {
    tracker,
    prices,
    memory: new ResponseMemory(),
    includeUsage: includeUsage ?? 'auto',
    captureContent: captureContent ?? false,
    open,
    get tracer() {
      return telemetry.tracer();
    },
    get instruments() {
      return telemetry.instruments();
    },
    beforeCall: () => {
      if (called) return;
      called = true;
      onFirstCall?.();
    },
    firstOfModel: (model) => models.size < 1_000 && !models.has(model) && models.add(model) !== undefined,
  };
}
