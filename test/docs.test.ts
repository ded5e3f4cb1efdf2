import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { withSettings } from '../scripts/configuration-docs.ts';
import { checkSettings, settingsSchema } from '../src/config/schema.ts';
import * as semconv from '../src/telemetry/names/semconv.ts';
import { REPO_ROOT } from './support/paths.ts';

interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

const PATHS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'AGENTS.md',
  'CODE_OF_CONDUCT.md',
  'examples/README.md',
  ...['docs', 'docs/decisions'].flatMap(pagesIn),
];
const pages: readonly Page[] = PATHS.map((path) => ({ path, text: read(path) }));
const blocks = pages.flatMap(blocksOf);
const manifest = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

describe('the documentation', () => {
  it('has code that the types allow', () => {
    assert.equal(typeErrors(blocks.filter(({ language }) => language === 'ts' || language === 'js')), '');
  });

  for (const { page, line, code } of blocks.filter(({ language }) => language === 'sh')) {
    it(`has commands that exist: ${page}:${line}`, () => {
      for (const command of code.split('\n')) assert.deepEqual(unknownIn(command), [], command);
    });
  }

  for (const { page, line, code } of blocks.filter(({ language }) => language === 'json')) {
    it(`has settings that are taken: ${page}:${line}`, () => {
      checkSettings(JSON.parse(code), String);
    });
  }

  for (const { path, text } of pages) {
    it(`has links that lead somewhere: ${path}`, () => {
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
      assert.deepEqual(
        links.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(path, target)),
        [],
      );
    });

    it(`tells nothing of the machine that it was written on: ${path}`, () => {
      assert.doesNotMatch(text, /(?<![\w.])\/(work|tmp|home|root|Users)\b|https?:\/\/[^\s)]*registry/);
    });
  }

  it('has the settings that the schema has: npm run docs', () => {
    const page = read('docs/configuration.md');
    assert.equal(page, withSettings(page));
    assert.throws(() => withSettings('# Empty'), /no place/);
  });

  it('names every setting and no other', () => {
    const variables = new Set(read('src/config/config.ts').match(/TOKEN_BUDGET_[A-Z]+/g));
    const text = read('docs/configuration.md');
    for (const name of variables) assert.ok(text.includes(`\`${name}\``), `${name} is missing`);
    for (const key of Object.keys(settingsSchema.pipe[1].entries))
      assert.match(text, new RegExp(`\`${key}[\`.]`));
    const named = pages.flatMap((page) => page.text.match(/TOKEN_BUDGET_[A-Z]+/g) ?? []);
    assert.deepEqual(
      [...new Set(named)].filter((name) => !variables.has(name)),
      [],
    );
  });

  it('names every attribute, event and metric that is emitted, and no other of ours', () => {
    const source = readdirSync(join(REPO_ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => read(join('src', path)))
      .join('\n');
    const emitted = Object.entries(semconv).filter(([constant]) => source.includes(`semconv.${constant}`));
    const named = new Set(read('docs/telemetry.md').match(/[a-z_]+(\.[a-z_]+)+/g));
    assert.deepEqual(
      emitted.map(([, name]) => name).filter((name) => !named.has(name)),
      [],
    );
    const known = new Set<string>(emitted.map(([, name]) => name));
    assert.deepEqual(
      [...named].filter((name) => /^(token_budget|gen_ai)\.\w/.test(name) && !known.has(name)),
      [],
    );
  });

  it('has every decision in the index', () => {
    const listed = [...read('docs/decisions/README.md').matchAll(/^\| \[\d{4}\]\((.+?)\)/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(['README.md', ...listed].sort(), readdirSync(join(REPO_ROOT, 'docs/decisions')).sort());
  });

  it('names every dependency and no other', () => {
    const named = [...read('docs/dependencies.md').matchAll(/^\| \[`([^`]+)`\]/gm)].map(([, name]) => name);
    const { dependencies, devDependencies } = manifest;
    assert.deepEqual(named.sort(), [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort());
  });
});

function read(path: string): string {
  return readFileSync(join(REPO_ROOT, path), 'utf8');
}

function pagesIn(directory: string): string[] {
  const names = readdirSync(join(REPO_ROOT, directory)).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${directory}/${name}`);
}

function blocksOf({ path, text }: Page): Block[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
    page: path,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }));
}

/** Compiles blocks in a folder of the package's own, where its name resolves to what is built. */
function typeErrors(code: readonly Block[]): string {
  mkdirSync(join(REPO_ROOT, '.cache'), { recursive: true });
  const directory = mkdtempSync(join(REPO_ROOT, '.cache', 'docs-'));
  try {
    for (const { page, line, language, code: text } of code) {
      writeFileSync(join(directory, `${page.replace(/\W/g, '-')}-${line}.${language}`), text);
    }
    const options = { allowJs: true, checkJs: true, noUnusedLocals: false };
    const config = {
      extends: relative(directory, join(REPO_ROOT, 'tsconfig.json')),
      compilerOptions: options,
      include: ['*'],
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(REPO_ROOT, 'node_modules', '.bin', 'tsc');
    const { stdout, stderr } = spawnSync(tsc, ['-p', directory, '--pretty', 'false'], { encoding: 'utf8' });
    return stdout + stderr;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Names in a command that are of this repository and do not exist: npm scripts, files, entries of the package. */
function unknownIn(command: string): string[] {
  const scripts = [...command.matchAll(/npm (?:run |(?=test\b))([\w:]+)/g)].map(([, name]) => name ?? '');
  const words = command.split(/\s+/);
  const files = words.filter((word) => /^(\.\/)?(\.ci|bench|docs|examples|scripts|src|test)\//.test(word));
  const entries = words
    .filter((word) => word.startsWith('otel-token-budget/'))
    .map((word) => word.replace('otel-token-budget', '.'));
  return [
    ...scripts.filter((name) => manifest.scripts[name] === undefined),
    ...files.filter((path) => !existsSync(join(REPO_ROOT, path))),
    ...entries.filter((entry) => manifest.exports[entry] === undefined),
  ];
}

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(REPO_ROOT, path))) return false;
  if (anchor === undefined) return true;
  const headings = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title]) => slug(title ?? ''));
  return headings.includes(anchor);
}

/** The anchor of a heading, as GitHub makes it. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replace(/ /g, '-');
}
