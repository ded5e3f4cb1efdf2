/**
 * A clock of time that passed, milliseconds: by the clock that counts on, or by the one on the wall where that went further, since the
 * first stands still while a machine sleeps. A lease is rather thought over too early than too late.
 */
export function elapsedClock(): () => number {
  const steady = performance.now();
  const wall = Date.now();
  return () => Math.max(performance.now() - steady, Date.now() - wall);
}
