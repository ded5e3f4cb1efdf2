import type { Tracer } from '@opentelemetry/api';
import type { BudgetStatusSetting, TokenBudgetTracker } from '../budget/index.ts';
import type { PriceBook } from '../pricing/index.ts';
import type { Instruments } from '../telemetry/signals/index.ts';
import { SeenOnce } from '../util/index.ts';
import { ResponseMemory } from './cost/index.ts';
import { ActiveCalls, BatchFiles, WorkMemory } from './memory/index.ts';

/** What calls share. */
export interface CallHost {
  /** The budget of calls that are made outside of any other. */
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  readonly memory: ResponseMemory;
  /** Work that goes on in the service after the call that began it. */
  readonly work: WorkMemory;
  /** Files of batched requests. */
  readonly files: BatchFiles;
  /** Containers that were billed, and endpoints that were told of. */
  readonly containers: SeenOnce;
  readonly endpoints: SeenOnce;
  /** What `strict` does with a call whose cost cannot be counted, or not be bounded before it is sent. */
  readonly uncountedEndpoints: 'warn' | 'refuse';
  readonly includeUsage: 'auto' | 'always' | 'never';
  readonly captureContent: boolean;
  readonly budgetStatus: BudgetStatusSetting;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  /** Calls that have begun and not ended. */
  readonly open: ActiveCalls;
  /** Called before each call begins. */
  beforeCall(): void;
  /** True the first time it is asked of a model. */
  firstOfModel(model: string): boolean;
}

/** What a user gives. */
export interface CallHostOptions {
  readonly tracker: TokenBudgetTracker;
  readonly prices: PriceBook;
  readonly uncountedEndpoints?: 'warn' | 'refuse' | undefined;
  readonly includeUsage?: 'auto' | 'always' | 'never' | undefined;
  readonly captureContent?: boolean | undefined;
  readonly budgetStatus?: BudgetStatusSetting | undefined;
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
  open = new ActiveCalls(),
): CallHost {
  const { tracker, prices, uncountedEndpoints, includeUsage, captureContent, budgetStatus, onFirstCall } =
    options;
  const memory = new ResponseMemory();
  let called = false;
  const models = new Set<string>();
  return {
    tracker,
    prices,
    memory,
    work: new WorkMemory(),
    files: new BatchFiles(prices, memory),
    containers: new SeenOnce(),
    endpoints: new SeenOnce(),
    uncountedEndpoints: uncountedEndpoints ?? 'warn',
    includeUsage: includeUsage ?? 'auto',
    captureContent: captureContent ?? false,
    budgetStatus: budgetStatus ?? 'off',
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
