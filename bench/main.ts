/**
 * Measures this package and the others beside it, and writes docs/performance.md and docs/scale.md.
 *
 *   npm run bench                        all parts
 *   npm run bench -- overhead streams    some; the others stay as they were measured
 *   npm run bench -- --quick             a try-out: few rounds, printed and not written
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './harness/machine.ts';
import { installPeers } from './harness/peers.ts';
import { ROOT } from './harness/processes.ts';
import { type Measurements, performancePage, readMeasurements, writeMeasurements } from './harness/report.ts';
import { PARTS } from './parts/index.ts';
import { scalePage } from './scale.ts';

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => PARTS.every((part) => part.name !== name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; the parts are ${PARTS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const wanted = positionals.length === 0 ? PARTS : PARTS.filter(({ name }) => positionals.includes(name));

installPeers(console.error);
const { quick } = values;
let measured: Measurements = quick ? {} : readMeasurements();
for (const part of wanted) {
  console.error(`── ${part.title}`);
  const at = machine();
  const from = performance.now();
  const result = await part.run({
    quick,
    progress: (line) => console.error(`   ${line.replaceAll('\n', ', ')}`),
  });
  measured = {
    ...measured,
    [part.name]: { method: part.method, ...result, machine: at, seconds: (performance.now() - from) / 1_000 },
  };
  console.error(`   ${measured[part.name]?.seconds.toFixed(0)} s`);
  // After each part, so that what was measured is not lost with a later one.
  if (!quick) write(measured);
}
if (quick) console.log(performancePage(PARTS, measured));

function write(measurements: Measurements): void {
  writeMeasurements(measurements);
  writeFileSync(join(ROOT, 'docs', 'performance.md'), performancePage(PARTS, measurements));
  const scale = scalePage(measurements);
  if (scale !== undefined) writeFileSync(join(ROOT, 'docs', 'scale.md'), scale);
}
