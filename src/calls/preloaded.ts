import type { TokenBudgetTracker } from '../budget/index.ts';
import type { Config } from '../config/index.ts';
import type { CallServices } from './services.ts';

/** What a preloaded process holds, for code of the host that wants to look at its budget. */
export interface Preloaded {
  readonly tracker: TokenBudgetTracker;
  readonly config: Config;
  /**
   * What calls share, for those that come another way than the openai SDK.
   * @internal
   */
  readonly services?: CallServices;
  /** Starts telemetry now, for spans of the program's own; otherwise it starts once the program loads openai. */
  readonly startTelemetry: () => void;
}

/** Global by symbol, so that every copy of this package in the process finds the same. */
const KEY = Symbol.for('otel-token-budget.preloaded');

/** The budget of a process that runs under the preload; undefined where it does not. */
export function getPreloaded(): Preloaded | undefined {
  return Reflect.get(globalThis, KEY) as Preloaded | undefined;
}

export function setPreloaded(value: Preloaded): void {
  Reflect.set(globalThis, KEY, value);
}
