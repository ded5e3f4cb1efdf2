import { formatCount } from '../../../util/index.ts';

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** Formats a count in few characters: `9,999`, `12.3K`. */
export function formatCompact(value: number): string {
  return value < 10_000 ? formatCount(value) : COMPACT.format(value);
}

/**
 * Formats the length of an interval: `10 s`, `minute`, `7 days`.
 * @param ms milliseconds
 */
export function formatInterval(ms: number): string {
  for (const [unit, length] of [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const) {
    if (ms >= length) return ms === length ? unit : `${Math.round(ms / length)} ${unit}s`;
  }
  return ms === 1_000 ? 'second' : `${ms / 1_000} s`;
}

/** Returns whether two times, milliseconds since the epoch, are on the same local day. */
export function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** Formats a time, milliseconds since the epoch, with its date: `1 Nov 2026, 14:05:09`. */
export function formatDateTime(at: number): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** Formats a time, milliseconds since the epoch, without a date: `14:05:09`. */
export function formatTime(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** Formats a time, milliseconds since the epoch, with its day: `1 Nov 14:05:09`. */
export function formatDayTime(at: number): string {
  const day = new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return `${day} ${formatTime(at)}`;
}

/** Returns the name of the local time zone: `Europe/Berlin`. */
export function localTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
