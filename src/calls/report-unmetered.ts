import { type TokenBudgetTracker, UnmeteredEndpointError } from '../budget/index.ts';
import type { CallServices } from './services.ts';

/**
 * Reports, once per budget and endpoint, a request whose cost is unknown or has no bound before it is sent.
 * @throws UnmeteredEndpointError in `strict`, if `unmeteredEndpoints` is `refuse`
 */
export function reportUnmetered(
  services: CallServices,
  tracker: TokenBudgetTracker,
  endpoint: string,
  reason: 'endpoint' | 'unbounded',
): void {
  const refused = services.unmeteredEndpoints === 'refuse' && tracker.strict;
  const budget = tracker.budget.name;
  if (services.reportedEndpoints.isNew(`${budget} ${endpoint}`))
    tracker.emit({ type: 'unmetered', budget, endpoint, reason, refused });
  if (refused) throw new UnmeteredEndpointError(budget, endpoint, reason);
}
