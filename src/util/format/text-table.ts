import { stripVTControlCharacters } from 'node:util';

/** A column of a text table. */
export interface TableColumn {
  readonly title: string;
  /** Default: `right`. */
  readonly align?: 'left' | 'right';
}

/** How narrow the first column may become, characters. */
const MIN_FIRST_WIDTH = 6;

/**
 * Lays out a table as lines of text, each column as wide as its widest cell. Escape sequences of a terminal
 * take no room.
 * @param maxWidth the longest that a line may be, characters; the first column is cut down for it. Default:
 *   no limit
 * @returns the line of titles, then a line for each row
 */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  maxWidth = Infinity,
): string[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => visibleWidth(row[at] ?? ''))),
  );
  const total = widths.reduce((sum, width) => sum + width + 2, -2);
  const [first = 0] = widths;
  if (total > maxWidth) widths[0] = Math.max(MIN_FIRST_WIDTH, first - (total - maxWidth));
  const formatRow = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => padCell(cell, widths[at] ?? 0, columns[at]?.align))
      .join('  ')
      .trimEnd();
  return [formatRow(columns.map(({ title }) => title)), ...rows.map(formatRow)];
}

/** Cuts a text that is longer than `width` characters, and ends it with an ellipsis. */
export function truncateText(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

function padCell(cell: string, width: number, align: TableColumn['align']): string {
  const padding = width - visibleWidth(cell);
  if (padding < 0) return truncateText(cell, width);
  return align === 'left' ? cell + ' '.repeat(padding) : ' '.repeat(padding) + cell;
}

function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}
