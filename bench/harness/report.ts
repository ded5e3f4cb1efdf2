import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import type { Part, PartResult, Table } from './part.ts';
import { ROOT } from './processes.ts';

/** What was measured, by part, and how; the pages are made of it. */
export type Measurements = Readonly<
  Record<
    string,
    PartResult & { readonly method: string; readonly machine: Machine; readonly seconds: number }
  >
>;

const DATA = join(ROOT, 'docs', 'performance.json');

export function readMeasurements(): Measurements {
  return existsSync(DATA) ? (JSON.parse(readFileSync(DATA, 'utf8')) as Measurements) : {};
}

export function writeMeasurements(measured: Measurements): void {
  writeFileSync(DATA, `${JSON.stringify(measured, undefined, 1)}\n`);
}

/** docs/performance.md. */
export function performancePage(parts: readonly Part[], measured: Measurements): string {
  const sections = parts.flatMap((part) => {
    const result = measured[part.name];
    return result === undefined ? [] : [sectionOf(part.title, result)];
  });
  return [
    '# Performance',
    'Made by `npm run bench` from what it measured (docs/performance.json); a test fails when the page is not what it makes. The machine is shared by what is measured side by side, ' +
      'so figures are compared within one run, never between runs or machines. *Load* is how many processes wanted to run in the minute before a ' +
      'part began: with company the times are higher and less sure.',
    'Again, whole or in part: `npm run bench`, `npm run bench -- overhead streams`; `npm run bench -- --quick` tries it out and ' +
      'writes nothing. The other packages are installed on its first run, into `bench/peers`.',
    machineTable(parts, measured),
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function machineTable(parts: readonly Part[], measured: Measurements): string {
  const rows = parts.flatMap(({ name, title }) => {
    const result = measured[name];
    if (result === undefined) return [];
    const { date, commit, processors, memoryGb, system, node, load } = result.machine;
    return [
      [
        title,
        date,
        commit,
        node,
        `${processors}, ${memoryGb} GB, ${system}`,
        load.toFixed(1),
        result.seconds.toFixed(0),
      ],
    ];
  });
  const total = parts.reduce((sum, { name }) => sum + (measured[name]?.seconds ?? 0), 0);
  rows.push(['all', '', '', '', '', '', total.toFixed(0)]);
  return tableOf({ head: ['part', 'date', 'commit', 'Node', 'machine', 'load', 'seconds'], rows });
}

function sectionOf(title: string, { method, tables, notes }: Measurements[string]): string {
  return [
    `## ${title}`,
    method,
    ...tables.map((table) => (table.title === undefined ? '' : `${table.title}:\n\n`) + tableOf(table)),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
  ].join('\n\n');
}

/** A Markdown table; columns after the first that hold numbers are set to the right. */
export function tableOf({ head, rows }: Table): string {
  const isNumber = (column: number): boolean =>
    column > 0 && rows.every((row) => /^$|^[+-]?[\d.,]/.test(row[column] ?? ''));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, column) => (isNumber(column) ? '--:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}
