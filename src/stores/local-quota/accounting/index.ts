export { eachAmount, excess, fits, isNothing } from './amounts.ts';
export { CallRate } from './call-rate.ts';
export { Changes } from './changes.ts';
export { elapsedClock } from './clock.ts';
export { Tally } from './totals.ts';
export { UnsureSlices } from './unconfirmed.ts';
