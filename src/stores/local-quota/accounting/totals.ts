import { NOTHING } from '../../../budget/index.ts';

/** The sums of our slices of one budget in one window, kept as they change: a call of a budget does not go through all its slices. */
export class Tally {
  /** The start of the window, milliseconds since the epoch. */
  readonly windowStart: number;
  /** How many slices there are whose settlement was not begun, and what the remote store holds reserved for them. */
  slices = 0;
  held = NOTHING;
  /** What calls were charged in any slice, and of it those whose settlement was begun. */
  used = NOTHING;
  ended = NOTHING;
  /** How many calls are open, and what they hold. */
  open = 0;
  reserved = NOTHING;

  constructor(windowStart: number) {
    this.windowStart = windowStart;
  }
}
