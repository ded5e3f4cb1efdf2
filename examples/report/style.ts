const plainText = !process.stdout.isTTY || (process.env['NO_COLOR'] ?? '') !== '';

function sgr(code: number): (text: string) => string {
  return (text) => (plainText ? text : `\u001b[${code}m${text}\u001b[0m`);
}

/** Colours, on a terminal and unless NO_COLOR is set. */
export const bold = sgr(1);
export const dim = sgr(2);
export const red = sgr(31);
export const green = sgr(32);

/** Nano-USD as USD with six decimals. */
export function usd(nano: number): string {
  return (nano / 1e9).toFixed(6);
}

/** Rows under a header, columns padded to their widest cell; all but those of `left` are right-aligned. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[],
): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [dim(line(header)), ...rows.map(line)].join('\n');
}
