// npm run docs
//
// Writes the table of docs/configuration.md from the schema of the settings and what src/config/setting-docs.ts says of each.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VARIABLES } from '../src/config/config.ts';
import { LIMIT_ENTRIES, SETTING_ENTRIES } from '../src/config/schema.ts';
import { SETTING_DOCS } from '../src/config/setting-docs.ts';

export const PAGE = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));

const PLACE = /(<!-- settings: made by npm run docs -->\n)[\s\S]*?(<!-- end -->)/;

/**
 * The page with its table made anew; what is around it stays.
 * @throws Error where a setting has no words, or the page no place for the table
 */
export function withSettings(page: string): string {
  if (!PLACE.test(page)) throw new Error('the page has no place for the table of settings');
  const paths = Object.keys(SETTING_ENTRIES).flatMap((key) =>
    key === 'limits' ? Object.keys(LIMIT_ENTRIES).map((limit) => `limits.${limit}`) : [key],
  );
  const rows = [
    ['in the file', 'variable', 'where absent', 'taken', 'effect'],
    ['---', '---', '---', '---', '---'],
    [
      '',
      '`TOKEN_BUDGET_CONFIG`',
      'no file',
      'the path of a JSON file',
      'where the settings of the first column are read',
    ],
    ...paths.map(rowOf),
  ];
  const table = rows
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
  return page.replace(PLACE, (_, begin: string, end: string) => `${begin}${table}${end}`);
}

function rowOf(path: string): string[] {
  const words = SETTING_DOCS[path.slice(path.indexOf('.') + 1)];
  if (words?.effect === undefined)
    throw new Error(`src/config/setting-docs.ts does not say what ${path} does`);
  const variable = Object.entries(VARIABLES).find(
    ([, [group, key]]) => path === (group ? `${group}.${key}` : key),
  );
  return [
    `\`${path}\``,
    variable === undefined ? '' : `\`${variable[0]}\``,
    words.otherwise ?? '',
    words.takes,
    words.effect,
  ];
}

if (import.meta.main) writeFileSync(PAGE, withSettings(readFileSync(PAGE, 'utf8')));
