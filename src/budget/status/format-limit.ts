import { formatUsd, NANO_PER_USD } from '../../pricing/index.ts';
import { formatCount, formatDuration } from '../../util/index.ts';
import type { LimitName } from '../limits.ts';

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
