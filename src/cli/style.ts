import { styleText } from 'node:util';

export { formatCost, formatLimit, formatLimitAmount } from '../budget/index.ts';

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
