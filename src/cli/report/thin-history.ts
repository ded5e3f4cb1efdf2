/** The most points that a line of a plot needs. */
const MAX_POINTS = 400;

/** Reduces the points of a line: keeps the last of each of many equal spans of time. */
export function thinHistory(history: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const first = history[0]?.[0] ?? 0;
  const span = ((history.at(-1)?.[0] ?? 0) - first) / MAX_POINTS;
  if (history.length <= MAX_POINTS) return [...history];
  return history.filter(([at], index) => {
    const next = history[index + 1];
    return next === undefined || Math.floor((at - first) / span) !== Math.floor((next[0] - first) / span);
  });
}
