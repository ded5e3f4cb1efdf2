import { NOTHING } from '../../../budget/index.ts';

/**
 * The sums of our quotas of one budget in one window, updated with each change: a call does not go through
 * all quotas of its budgets.
 */
export class QuotaTotals {
  /** The start of the window, milliseconds since the epoch. */
  readonly windowStart: number;
  /** How many quotas are not being settled, and what the remote store holds reserved for them. */
  quotas = 0;
  held = NOTHING;
  /** What calls were charged in all quotas, and how much of it in those whose settlement has started. */
  used = NOTHING;
  ended = NOTHING;
  /** How many calls are open, and what they reserve. */
  open = 0;
  reserved = NOTHING;

  constructor(windowStart: number) {
    this.windowStart = windowStart;
  }
}
