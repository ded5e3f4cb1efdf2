import type { Window } from './definition.ts';

/** A span of time from `start` until just before `end`, milliseconds since the epoch. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

const ALWAYS: TimeSpan = { start: 0, end: Number.POSITIVE_INFINITY };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The spans found last, by window: most moments lie in the same span as the one before. */
const latestSpans = new Map<string, TimeSpan>();

/**
 * Returns the span of the window that contains a moment, by the calendar of its time zone; all time if there
 * is no window.
 */
export function windowOf(window: Window | undefined, now: number): TimeSpan {
  if (window === undefined) return ALWAYS;
  const key = `${window.per} ${window.timeZone}`;
  const known = latestSpans.get(key);
  if (known !== undefined && now >= known.start && now < known.end) return known;
  const span = findWindow(window, now);
  latestSpans.set(key, span);
  return span;
}

function findWindow({ per, timeZone }: Window, now: number): TimeSpan {
  if (per === 'hour') {
    // By the offset of the year's beginning: a change of half an hour in it (Lord Howe) would make hours
    // overlap.
    const january = Date.UTC(new Date(now).getUTCFullYear(), 0, 1);
    const start = now - modulo(now + offsetAt(timeZone, january), HOUR);
    return { start, end: start + HOUR };
  }
  const local = new Date(now + offsetAt(timeZone, now));
  const year = local.getUTCFullYear();
  const month = local.getUTCMonth();
  const day = per === 'day' ? local.getUTCDate() : 1;
  const next = per === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
  return { start: instantOf(timeZone, Date.UTC(year, month, day)), end: instantOf(timeZone, next) };
}

/** Returns the moment at which clocks of the zone show a time, which is given as if it were UTC. */
function instantOf(timeZone: string, shown: number): number {
  // Around a change of the offset a time may be shown twice: the first one counts. Or not at all: the clocks
  // were set forward at it, and the moment is that of the offset before.
  const before = shown - offsetAt(timeZone, shown - DAY);
  const after = shown - offsetAt(timeZone, shown + DAY);
  const isShown = (moment: number): boolean => moment + offsetAt(timeZone, moment) === shown;
  return [before, after].filter(isShown).sort((a, b) => a - b)[0] ?? before;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Returns how far clocks of the zone are ahead of UTC at a moment, milliseconds. */
function offsetAt(timeZone: string, moment: number): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(moment)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1_000) * 1_000;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
