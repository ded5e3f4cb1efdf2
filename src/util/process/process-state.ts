import { mainGlobal } from '../runtime/index.ts';

/**
 * Returns a value that all copies of this package in the process share: a program may load several, such as one as
 * CommonJS through a transpiler and one as an ES module, two versions in a monorepo, or one for each file of tests.
 * @param name unique in this package
 * @param create creates the value for the first copy that asks
 * @example
 * const trackers = processState('trackers', () => new Set<TokenBudgetTracker>());
 */
export function processState<T extends object>(name: string, create: () => T): T {
  const key = Symbol.for(`otel-token-budget.${name}`);
  const existing = Reflect.get(mainGlobal, key) as T | undefined;
  if (existing !== undefined) return existing;
  const value = create();
  Object.defineProperty(mainGlobal, key, { value, configurable: true, writable: true });
  return value;
}
