import type { BudgetDefinition } from '../../budget/index.ts';
import { BoundedMap } from '../../util/index.ts';

/** How many are remembered: of calls that nobody settles, no more are left behind. */
const REMEMBERED = 10_000;

/** The chains of the calls that are reserved on the remote store itself, by the names of their reservations. */
export class DirectCalls extends BoundedMap<string, readonly BudgetDefinition[]> {
  constructor() {
    super(REMEMBERED);
  }
}
