import { EndpointNotCountedError, type TokenBudgetTracker } from '../budget/index.ts';
import type { CallHost } from './services.ts';

/**
 * Tells, once, of requests whose cost is not counted, or not bounded before they are sent.
 * @throws EndpointNotCountedError where `strict` does not let them pass
 */
export function tellNotCounted(
  host: CallHost,
  tracker: TokenBudgetTracker,
  endpoint: string,
  reason: 'endpoint' | 'unbounded',
): void {
  const refused = host.uncountedEndpoints === 'refuse' && tracker.strict;
  const budget = tracker.budget.name;
  if (host.endpoints.isNew(`${budget} ${endpoint}`))
    tracker.emit({ type: 'not_counted', budget, endpoint, reason, refused });
  if (refused) throw new EndpointNotCountedError(budget, endpoint, reason);
}
