const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * Formats a length of time in the unit that suits it: `350 ms`, `4.2 s`, `45 s`, `8.5 min`, `35 min`, `3 h 5
 * min`, `9 d`.
 * @param ms milliseconds
 */
export function formatDuration(ms: number): string {
  if (ms > 0 && ms < SECOND_MS) return `${Math.ceil(ms)} ms`;
  if (ms < 90 * SECOND_MS) return `${shorten(ms / SECOND_MS)} s`;
  if (ms < 100 * MINUTE_MS) return `${shorten(ms / MINUTE_MS)} min`;
  if (ms >= 48 * HOUR_MS) return `${Math.round(ms / DAY_MS)} d`;
  const minutes = Math.round(ms / MINUTE_MS);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Rounds to one decimal place below 10, to a whole number from there on. */
function shorten(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}
