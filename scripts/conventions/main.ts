// npm run check:conventions -- ../semantic-conventions-genai
//
// Compares the names in src/telemetry/names/semconv.ts with the model in a checkout of
// https://github.com/open-telemetry/semantic-conventions-genai: those that are missing there, renamed or of another
// type, kind or unit. Names that are only proposed are marked with @proposed. Ends with code 1 if there is a mistake.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf, SOURCE } from '../telemetry-docs.ts';
import { attributesNotEmitted, compareNames, isMistake } from './compare.ts';
import { readModel } from './model.ts';

/** The spans that we emit. */
const SPANS = ['gen_ai.client.inference', 'gen_ai.client.embeddings'];

const [checkout] = process.argv.slice(2);
if (checkout === undefined) {
  console.error(
    'got no path, expected that of a checkout: npm run check:conventions -- ../semantic-conventions-genai',
  );
  process.exit(2);
}

const folder = join(checkout, 'model');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.yaml'),
);
const model = readModel(files.map((path) => readFileSync(join(folder, path), 'utf8')));
const entries = entriesOf(readFileSync(SOURCE, 'utf8'));
const findings = compareNames(entries, model);
for (const { name, result, details } of findings)
  if (result !== 'ok') console.log(`${result.padEnd(10)} ${name}  ${details}`.trimEnd());
for (const { span, name, level } of attributesNotEmitted(entries, model, SPANS))
  console.log(`not emitted ${name}  ${level} on ${span}`);
const mistakes = findings.filter(isMistake);
console.log(`${findings.length} names, ${mistakes.length} mistakes`);
process.exit(mistakes.length > 0 ? 1 : 0);
