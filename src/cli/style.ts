import { styleText } from 'node:util';
import type { LimitName } from '../budget/index.ts';
import { formatUsd, NANO_PER_USD } from '../pricing/index.ts';
import { formatCount, formatDuration } from '../util/index.ts';

type Format = Parameters<typeof styleText>[0];

/** Styles text for stdout, if that is a terminal with colors and NO_COLOR is not set. */
export function styleOutput(format: Format, text: string): string {
  return styleText(format, text, { stream: process.stdout });
}

/** Returns the width of the terminal in columns; 80 if stdout is not a terminal. */
export function terminalWidth(): number {
  const { COLUMNS } = process.env;
  return process.stdout.columns ?? (Number(COLUMNS) || 80);
}

/** Formats an amount of USD: `$1,234.50`, `$0.0042`. */
export function formatCost(usd: number): string {
  return formatUsd(usd * NANO_PER_USD);
}

/** Formats an amount in the unit of a limit, without naming the unit: `$0.42`, `12,000`, `30 min`. */
export function formatLimitAmount(limit: LimitName, value: number): string {
  if (limit === 'costUsd') return formatCost(value);
  return limit === 'minutes' ? formatDuration(value * 60_000) : formatCount(value);
}

/** Formats a limit with its unit: `$5.00`, `12,000 tokens`, `30 min`. */
export function formatLimit(limit: LimitName, value: number): string {
  const amount = formatLimitAmount(limit, value);
  return limit === 'tokens' || limit === 'calls' ? `${amount} ${limit}` : amount;
}

/**
 * Draws how much of a limit is used: settled amounts as full blocks, reserved ones as half-tone.
 * @param settled share of the limit, 0 to 1
 * @param reserved share of the limit, 0 to 1
 * @param width columns
 */
export function formatUsageBar(settled: number, reserved: number, width: number): string {
  const cells = (share: number): number => Math.min(width, Math.max(0, Math.round(share * width)));
  const full = settled > 0 ? Math.max(1, cells(settled)) : 0;
  const used = Math.max(full, cells(settled + reserved));
  const color = settled >= 0.95 ? 'red' : settled >= 0.8 ? 'yellow' : 'green';
  return (
    styleOutput(color, '█'.repeat(full)) +
    styleOutput(color, '▒'.repeat(used - full)) +
    styleOutput('dim', '░'.repeat(width - used))
  );
}
