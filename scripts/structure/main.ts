// npm run check:structure [-- folder]
//
// Prints how the files of src lie and what they import, against rules.ts and layers.ts. Exit code 1: a rule is violated.
import { fileURLToPath } from 'node:url';
import { type Check, checkStructure } from './checks.ts';
import { RULES } from './rules.ts';
import { readSources } from './source-file.ts';

const root = process.argv[2] ?? fileURLToPath(new URL('../../src', import.meta.url));
const checks = checkStructure(readSources(root, RULES.excluded), RULES);
process.stdout.write([...details(checks), table(checks)].join('\n'));
process.exitCode = checks.some(({ violations }) => violations.length > 0) ? 1 : 0;

function details(all: readonly Check[]): string[] {
  return all
    .filter(({ violations }) => violations.length > 0)
    .map(({ rule, violations }) => `${rule}:\n${violations.map((one) => `  ${one}\n`).join('')}`);
}

function table(all: readonly Check[]): string {
  const width = Math.max(...all.map(({ rule }) => rule.length));
  return all
    .map(({ rule, of, violations: { length } }) => {
      const verdict = length === 0 ? 'ok    ' : 'FAILED';
      return `${verdict}  ${rule.padEnd(width)}  ${String(length).padStart(4)}${of === undefined ? '' : `  of ${of}`}\n`;
    })
    .join('');
}
