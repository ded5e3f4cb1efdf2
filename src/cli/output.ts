import { escapeControl, escapeLines, formatJson } from '../util/index.ts';

// Everything that the command prints goes through here, except the live screen of `top`: what it shows may have
// been written by somebody else, and must not act upon the terminal.

/** Prints lines of text without styles on stdout. */
export function printText(text: string): void {
  process.stdout.write(`${escapeLines(text)}\n`);
}

/** Prints lines with styles on stdout. Names in them have to be escaped by `escapeControl`. */
export function printStyled(text: string): void {
  process.stdout.write(`${escapeLines(text, true)}\n`);
}

/** Prints data as JSON on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${formatJson(value)}\n`);
}

/** Prints one line on stderr. */
export function printError(message: string): void {
  process.stderr.write(`token-budget: ${escapeControl(message)}\n`);
}
