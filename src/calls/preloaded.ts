import type { TokenBudgetTracker } from '../budget/index.ts';
import type { Config } from '../config/index.ts';
import { mainGlobal } from '../util/index.ts';
import type { CallServices } from './services.ts';

/** The budget of a process that runs under the preload. */
export interface Preloaded {
  readonly tracker: TokenBudgetTracker;
  readonly config: Config;
  /**
   * The services that calls share, for calls that are not made through the openai SDK.
   * @internal
   */
  readonly services?: CallServices;
  /**
   * Meters a class of the openai SDK that was loaded before, that a bundler has put into the program, or
   * that a test runner has loaded.
   * @throws TypeError if it is not a client of the openai SDK
   * @example
   * getPreloaded()?.patchClass(OpenAI);
   */
  readonly patchClass: (client: { readonly prototype: object }) => void;
  /**
   * Sends what is recorded, returns unused local quotas, and resolves when that is done: for a process that is frozen
   * or ended without an exit.
   */
  readonly flush: () => Promise<void>;
  /** Starts telemetry now, for the program's own spans; otherwise it starts once the program loads openai. */
  readonly startTelemetry: () => void;
}

/** Global by symbol, so that every copy of this package in the process finds the same budget. */
const KEY = Symbol.for('otel-token-budget.preloaded');

/**
 * Returns the budget of a process that runs under the preload; undefined if it does not.
 * @example
 * const tracker = getPreloaded()?.tracker;
 */
export function getPreloaded(): Preloaded | undefined {
  return Reflect.get(mainGlobal, KEY) as Preloaded | undefined;
}

/** Makes the budget of the preload available to {@link getPreloaded}. */
export function setPreloaded(preloaded: Preloaded): void {
  Reflect.set(mainGlobal, KEY, preloaded);
}
