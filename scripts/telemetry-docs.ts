// npm run docs
//
// Writes the tables of docs/telemetry.md from src/telemetry/names/semconv.ts, which defines every name.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
export const SOURCE = at('src/telemetry/names/semconv.ts');
export const PAGE = at('docs/telemetry.md');

/** A name of telemetry, as the source says. */
export interface Entry {
  /** The table that it belongs to. */
  readonly group: string;
  readonly constant: string;
  readonly name: string;
  readonly meaning: string;
  /** `unit`, `set`, `example`, `type`, `severity`, `kind`, `attributes`, `proposed`. */
  readonly tags: Readonly<Record<string, string>>;
}

interface Column {
  readonly title: string;
  readonly cell: (entry: Entry) => string;
}

const tag = (name: string) => (entry: Entry) => entry.tags[name] ?? '';
const name: Column = { title: 'name', cell: (entry) => `\`${entry.name}\`` };
const meaning: Column = {
  title: 'meaning',
  cell: (entry) => {
    const { proposed } = entry.tags;
    return proposed === undefined ? entry.meaning : `${entry.meaning} Proposed in ${proposed}.`;
  },
};
const unit: Column = { title: 'unit', cell: tag('unit') };
const example: Column = {
  title: 'example',
  cell: ({ tags }) => (tags['example'] === undefined ? '' : `\`${tags['example']}\``),
};
const attributes: Column = { title: 'attributes', cell: tag('attributes') };

const ATTRIBUTES: readonly Column[] = [name, meaning, unit, { title: 'set', cell: tag('set') }, example];

/** The columns of the tables, by group. */
export const TABLES: Readonly<Record<string, readonly Column[]>> = {
  request: ATTRIBUTES,
  answer: ATTRIBUTES,
  usage: ATTRIBUTES,
  content: ATTRIBUTES,
  job: ATTRIBUTES,
  'event-attributes': [name, meaning, unit, example],
  'metric-attributes': [name, meaning, example],
  events: [name, { title: 'severity', cell: tag('severity') }, { ...meaning, title: 'when' }, attributes],
  metrics: [name, { title: 'kind', cell: tag('kind') }, unit, meaning, attributes],
};

const GROUP_OR_ENTRY =
  /^\/\/ # (?<group>[\w-]+)$|^\/\*\*(?<comment>(?:(?!\*\/)[\s\S])*)\*\/\s*export const (?<constant>\w+) =\s*'(?<name>[^']+)';/gm;

/**
 * Every name that the source exports, in its order.
 * @throws Error where an export has no comment or stands before the first group
 */
export function entriesOf(source: string): Entry[] {
  const entries: Entry[] = [];
  let group = '';
  for (const { groups = {} } of source.matchAll(GROUP_OR_ENTRY)) {
    const { comment = '', constant = '', name: value = '' } = groups;
    if (groups['group'] !== undefined) group = groups['group'];
    else entries.push({ group, constant, name: value, ...commentOf(comment) });
  }
  const exported = [...source.matchAll(/^export const (\w+)/gm)].map(([, constant]) => constant ?? '');
  const lost = exported.filter((one) => !entries.some(({ constant }) => constant === one));
  const stray = entries.filter((entry) => TABLES[entry.group] === undefined).map(({ constant }) => constant);
  if (lost.length > 0) throw new Error(`no comment that can be read: ${lost.join(', ')}`);
  if (stray.length > 0) throw new Error(`in no table that is known: ${stray.join(', ')}`);
  return entries;
}

function commentOf(comment: string): Pick<Entry, 'meaning' | 'tags'> {
  const text = comment
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const [first = '', ...tagged] = text.split(/ ?@(?=[a-z]+ )/);
  const tags = tagged.map((one) => [one.slice(0, one.indexOf(' ')), one.slice(one.indexOf(' ') + 1).trim()]);
  return { meaning: first.trim(), tags: Object.fromEntries(tags) as Record<string, string> };
}

/**
 * The page with its tables made anew; what is around them stays.
 * @throws Error where a table has no place in the page
 */
export function withTables(page: string, entries: readonly Entry[]): string {
  return Object.entries(TABLES).reduce((text, [group, columns]) => {
    const rows = entries.filter((entry) => entry.group === group);
    const place = new RegExp(`(<!-- ${group}: made by npm run docs -->\n)[\\s\\S]*?(<!-- end -->)`);
    if (!place.test(text)) throw new Error(`the page has no place for the table ${group}`);
    return text.replace(place, (_, begin: string, end: string) => `${begin}${table(columns, rows)}${end}`);
  }, page);
}

function table(columns: readonly Column[], rows: readonly Entry[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const escaped = (text: string) => text.replaceAll('|', '\\|');
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(({ cell }) => escaped(cell(row))))),
  ].join('');
}

if (import.meta.main) {
  writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), entriesOf(readFileSync(SOURCE, 'utf8'))));
}
