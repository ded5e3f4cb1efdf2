import { escapeControl } from '../format/index.ts';

/** Prints a line about the budget on stderr. */
export function printLine(line: string): void {
  process.stderr.write(`otel-token-budget: ${escapeControl(line)}\n`);
}
