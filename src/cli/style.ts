import { styleText } from 'node:util';
import type { LimitName } from '../budget/index.ts';
import { formatUsd, nanoToUsd, usdToNano } from '../pricing/index.ts';

type Format = Parameters<typeof styleText>[0];

/** Styles text that goes to stdout, where that is a terminal that shows colours, and NO_COLOR is not set. */
export function styleOutput(format: Format, text: string): string {
  return styleText(format, text, { stream: process.stdout });
}

/** A name for the terminal: what would move its cursor or change its colours is made visible. */
export function escapeControl(name: string): string {
  return name.replace(/\p{Cc}/gu, '\u{fffd}');
}

/** How wide the terminal is, columns; 80 where stdout is none. */
export function terminalWidth(): number {
  const { COLUMNS } = process.env;
  return process.stdout.columns ?? (Number(COLUMNS) || 80);
}

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Decimals with which amounts of money are shown beside a limit of that size: 2 for $100, 4 for $5, 6 for 2 cents. */
function decimalsFor(usd: number): number {
  return usd <= 0 ? 2 : Math.min(6, Math.max(2, 4 - Math.floor(Math.log10(usd))));
}

/**
 * Money as people read it: `$1,234.50`.
 * @param beside the amount in USD whose size says how many decimals there are
 */
export function formatCost(usd: number, beside = usd): string {
  const digits = decimalsFor(beside);
  return `$${usd.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** Nano-USD as the same. */
export function formatNano(nano: number, besideUsd = nanoToUsd(nano)): string {
  return formatCost(nanoToUsd(nano), besideUsd);
}

export function count(value: number): string {
  return value < 100_000_000 ? WHOLE.format(value) : `${WHOLE.format(Math.floor(value / 1_000_000))}M`;
}

/** A number of calls: `1 call`, `2,000 calls`. */
export function countCalls(calls: number): string {
  return `${count(calls)} ${calls === 1 ? 'call' : 'calls'}`;
}

/** A length of time, milliseconds, as people read it: `45 s`, `12 min`, `3 h 05`, `9 d`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, '0')}` : `${Math.round(hours / 24)} d`;
}

/** An amount in the unit of a limit. */
export function formatLimitAmount(limit: LimitName, value: number, beside: number): string {
  if (limit === 'costUsd') return formatCost(value, beside);
  return limit === 'minutes' ? duration(value * 60_000) : count(value);
}

/** A limit with its unit; money with the decimals that it has, two at least. */
export function formatLimit(limit: LimitName, value: number): string {
  if (limit === 'minutes') return duration(value * 60_000);
  if (limit !== 'costUsd') return `${count(value)} ${limit}`;
  const [whole = '', decimals = ''] = formatUsd(usdToNano(value)).split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals}`;
}

/** A share as a bar of so many columns: what is settled full, what is held by open calls half. */
export function formatUsageBar(settled: number, reserved: number, width: number): string {
  const cells = (share: number): number => Math.min(width, Math.max(0, Math.round(share * width)));
  const full = settled > 0 ? Math.max(1, cells(settled)) : 0;
  const held = Math.max(full, cells(settled + reserved));
  const colour = settled >= 0.95 ? 'red' : settled >= 0.8 ? 'yellow' : 'green';
  return (
    styleOutput(colour, '█'.repeat(full)) +
    styleOutput(colour, '▒'.repeat(held - full)) +
    styleOutput('dim', '░'.repeat(width - held))
  );
}

/** A share in percent, 4 columns wide at least: ` 27 %`. */
export function percent(share: number): string {
  const value = share * 100;
  const shown = value > 0 && value < 1 ? '<1' : String(Math.floor(value + 1e-9));
  return `${shown} %`.padStart(5);
}
