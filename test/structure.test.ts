import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Check, checkStructure } from '../scripts/structure/checks.ts';
import { LAYERS } from '../scripts/structure/layers.ts';
import { RULES, type Rules } from '../scripts/structure/rules.ts';
import { readSources } from '../scripts/structure/source-file.ts';
import { REPO_ROOT } from './support/paths.ts';

const DOCUMENTED = '/** Is planted. */\n';

/** Violations to plant, by path, and how the line that reports each begins. */
const PLANTED: readonly {
  readonly rule: RegExp;
  readonly files: Readonly<Record<string, string>>;
  readonly reports: readonly string[];
}[] = [
  {
    rule: /^folders of more than 12/,
    files: Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`usage/wide/f${index}.ts`, ''])),
    reports: ['usage/wide: 13 files'],
  },
  {
    rule: /^circles of imports between files/,
    files: {
      'usage/circle/a.ts': "import type { B } from './b.ts';\n",
      'usage/circle/b.ts': "export * from './c.ts';\n",
      'usage/circle/c.ts': "const lazy = () => import('./a.ts');\n",
      'usage/circle/d.ts': "type A = import('./e.ts').A;\n",
      'usage/circle/e.ts': "export { type A } from './d.ts';\n",
    },
    reports: [
      '3: usage/circle/a.ts, usage/circle/b.ts, usage/circle/c.ts',
      '2: usage/circle/d.ts, usage/circle/e.ts',
    ],
  },
  {
    rule: /^circles between the members of a folder/,
    files: {
      'usage/left/index.ts': '',
      'usage/left/a.ts': "import '../right/index.ts';\n",
      'usage/right/index.ts': '',
      'usage/right/deep/b.ts': "import '../../left/index.ts';\n",
    },
    // A circle between files of a folder is one between its members too.
    reports: [
      '3: usage/circle/a.ts, usage/circle/b.ts, usage/circle/c.ts',
      '2: usage/circle/d.ts, usage/circle/e.ts',
      '2: usage/left, usage/right\n',
    ],
  },
  {
    rule: /^imports past an index/,
    files: {
      'usage/house/index.ts': '',
      'usage/house/room.ts': '',
      'usage/house/deep/b.ts': "import '../room.ts';\nimport '../../street/index.ts';\n",
      'usage/street/index.ts': '',
      'usage/guest/static.ts': "import { a } from '../house/room.ts';\n",
      'usage/guest/types.ts': "import type { A } from '../house/room.ts';\n",
      'usage/guest/again.ts': "export * from '../house/room.ts';\n",
      'usage/guest/lazy.ts': "const lazy = () => import('../house/room.ts');\n",
      'usage/guest/type-of.ts': "type A = import('../house/room.ts').A;\n",
      'usage/guest/worker.ts': "new Worker(new URL('../house/room.js', import.meta.url));\n",
      'usage/index-of-parent.ts': "import './house/room.ts';\n",
    },
    reports: [
      ...['static', 'types', 'again', 'lazy', 'type-of', 'worker'].map(
        (name) => `usage/guest/${name}.ts imports usage/house/room.ts`,
      ),
      'usage/index-of-parent.ts imports usage/house/room.ts',
    ],
  },
  {
    rule: /^folders of no layer/,
    files: { 'nowhere/a.ts': '' },
    reports: ['nowhere: 1 files'],
  },
  {
    rule: /^class names used twice/,
    files: {
      'usage/class/a.ts': 'class PlantedTwice {}\n',
      'usage/class/b.ts': 'const made = () => class PlantedTwice {};\n',
    },
    reports: ['PlantedTwice: usage/class/a.ts, usage/class/b.ts'],
  },
  {
    rule: /^files of more than 300 lines/,
    files: { 'usage/long/over.ts': '\n'.repeat(301), 'usage/long/just.ts': '\n'.repeat(300) },
    reports: ['usage/long/over.ts: 301 lines'],
  },
  {
    rule: /^exported names without a docstring/,
    files: {
      'usage/doc/without.ts': [
        'export function aFunction(): void {}',
        'export class AClass {}',
        'export interface AnInterface {}',
        'export type AType = string;',
        'export const A_CONST = 1;',
        '/** @internal */\nexport const ONLY_A_TAG = 1;',
        '/** Far away. */\nconst between = 1;\nexport const FAR = between;',
        'const listed = 1;\nexport { listed };',
        "export { elsewhere } from './with.ts';",
      ].join('\n'),
      'usage/doc/with.ts': [
        `${DOCUMENTED}export function withOverloads(a: string): void;`,
        'export function withOverloads(a: number): void;',
        'export function withOverloads(): void {}',
        `${DOCUMENTED}// biome-ignore lint: planted\nexport const WITH = 1;`,
        `${DOCUMENTED}const listed = 1;\nexport { listed as elsewhere };`,
      ].join('\n'),
    },
    reports: ['aFunction', 'AClass', 'AnInterface', 'AType', 'A_CONST', 'ONLY_A_TAG', 'FAR', 'listed'].map(
      (name) => `usage/doc/without.ts: ${name}`,
    ),
  },
  {
    rule: /^exported functions named by one bare word/,
    files: {
      'usage/word/a.ts': [
        `${DOCUMENTED}export function planted(): void {}`,
        `${DOCUMENTED}export const arrow = (): void => undefined;`,
        `${DOCUMENTED}export const value = 1;`,
        `${DOCUMENTED}export function plantedWell(): void {}`,
      ].join('\n'),
    },
    reports: ['usage/word/a.ts: planted', 'usage/word/a.ts: arrow'],
  },
];

describe('npm run check:structure', () => {
  let root: string;
  let baseline: readonly Check[];

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'otel-token-budget-structure-'));
    cpSync(join(REPO_ROOT, 'src'), root, { recursive: true });
    baseline = check();
    for (const { files } of PLANTED) plant(files);
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  for (const { rule, reports } of PLANTED) {
    it(`reports ${rule.source.slice(1)}, and what breaks the rule alone`, () => {
      const found = violationsOf(check(), rule).filter((one) => !violationsOf(baseline, rule).includes(one));
      assert.equal(found.length, reports.length, found.join('\n'));
      for (const report of reports)
        assert.ok(
          found.some((one) => one.startsWith(report)),
          report,
        );
    });
  }

  it('excepts what has a reason, and reports an exception that is not needed', () => {
    const reason = 'planted';
    const excepted = {
      ...RULES,
      wideFolders: { 'usage/wide': reason, 'usage/narrow': reason },
      longFiles: { 'usage/long/over.ts': reason, 'usage/long/just.ts': reason },
      entryModules: { 'usage/house/room.ts': reason },
      bareWords: { planted: reason, arrow: reason, unheard: reason },
    };
    const checks = check(excepted);
    for (const rule of [/^folders of more than/, /^files of more than/, /past an index/, /bare word/]) {
      assert.deepEqual(
        violationsOf(checks, rule).filter((one) => /usage\/(wide|long|house|word)/.test(one)),
        [],
      );
    }
    assert.deepEqual(violationsOf(checks, /^exceptions/), ['usage/narrow', 'usage/long/just.ts', 'unheard']);
  });

  it('names the file and exits 1 where a rule is broken, and 0 where none is', () => {
    const run = (folder: string) =>
      spawnSync(process.execPath, [join(REPO_ROOT, 'scripts/structure/main.ts'), folder], {
        encoding: 'utf8',
      });
    const broken = run(root);
    assert.equal(broken.status, 1, broken.stderr);
    assert.match(broken.stdout, /usage\/long\/over\.ts: 301 lines/);
    const good = run(join(REPO_ROOT, 'src'));
    assert.equal(good.status, 0, good.stdout);
  });

  function check(rules: Rules = RULES): Check[] {
    return checkStructure(readSources(root, RULES.excluded), rules);
  }

  function plant(files: Readonly<Record<string, string>>): void {
    for (const [path, content] of Object.entries(files)) write(root, path, content);
  }
});

describe('the layers', () => {
  it('are listed from low to high: each imports only those before it', () => {
    for (const [index, { folder, imports }] of LAYERS.entries()) {
      const below = LAYERS.slice(0, index).map((layer) => layer.folder);
      for (const name of imports) {
        assert.ok(
          below.some((other) => `${other}/`.startsWith(`${name}/`)),
          `${folder} imports ${name}, which is not below it`,
        );
      }
    }
  });

  /** What each layer may import, and what it may not. */
  const EXPECTED: Readonly<
    Record<string, { readonly may: readonly string[]; readonly mayNot: readonly string[] }>
  > = {
    usage: { may: ['util', 'node:fs'], mayNot: ['pricing', 'budget', '@opentelemetry/api', 'openai'] },
    pricing: { may: ['usage'], mayNot: ['budget', 'tokens', 'config', '@opentelemetry/api', 'openai'] },
    tokens: {
      may: ['usage', 'js-tiktoken/lite'],
      mayNot: ['budget', 'calls', '@opentelemetry/api', 'openai'],
    },
    budget: {
      may: ['pricing', 'tokens', 'usage'],
      mayNot: ['stores', 'telemetry/names', 'config', '@opentelemetry/api', 'openai/resources'],
    },
    stores: {
      may: ['budget', 'pricing', 'usage', 'redis', 'node:sqlite'],
      mayNot: ['telemetry/names', 'calls', 'config', '@opentelemetry/api', 'openai'],
    },
    'stores/redis': { may: ['budget', 'stores'], mayNot: ['calls', '@opentelemetry/api'] },
    config: {
      may: ['valibot', 'budget', 'pricing'],
      mayNot: ['telemetry/sdk', 'jobs', '@opentelemetry/api'],
    },
    calls: {
      may: ['budget', 'telemetry/names', 'telemetry/context', 'providers', 'config', 'telemetry/api'],
      mayNot: [
        'telemetry/sdk',
        'telemetry/vendors',
        'clients/fetch',
        'process',
        '@opentelemetry/api',
        '@opentelemetry/sdk-node',
        'openai',
      ],
    },
    providers: {
      may: ['usage', 'pricing', 'budget'],
      mayNot: ['calls', 'telemetry/names', 'clients/fetch', '@opentelemetry/api', '@anthropic-ai/sdk'],
    },
    'clients/openai-sdk': {
      may: ['calls', 'providers', 'telemetry/api'],
      mayNot: ['clients/fetch', 'telemetry/sdk', 'process', 'openai', '@opentelemetry/sdk-trace'],
    },
    'clients/fetch': {
      may: ['calls', 'providers'],
      mayNot: ['clients/ai-sdk', 'process', '@anthropic-ai/sdk'],
    },
    'clients/ai-sdk': { may: ['calls', 'providers'], mayNot: ['clients/fetch', 'ai', '@ai-sdk/provider'] },
    'telemetry/names': { may: ['usage'], mayNot: ['budget', 'telemetry/sdk', '@opentelemetry/sdk-trace'] },
    'telemetry/sdk': {
      may: ['config', 'budget', '@opentelemetry/sdk-node'],
      mayNot: ['calls', 'stores', 'openai'],
    },
    jobs: {
      may: ['budget', 'config', 'calls', 'telemetry/context', 'stores/sqlite', 'clients/openai-sdk'],
      mayNot: ['telemetry/sdk', 'process', 'cli', '@opentelemetry/sdk-node', 'openai'],
    },
    cli: {
      may: ['commander', 'budget', 'config', 'jobs', 'stores', 'telemetry/names', 'cli/commands'],
      mayNot: ['calls', 'telemetry/sdk', 'clients/fetch', 'openai', '@opentelemetry/sdk-node'],
    },
  };

  for (const [layer, { may, mayNot }] of Object.entries(EXPECTED)) {
    for (const [index, target] of [...may, ...mayNot].entries()) {
      const allowed = index < may.length;
      it(`${layer} ${allowed ? 'may' : 'may not'} import ${target}`, () => {
        const root = mkdtempSync(join(tmpdir(), 'otel-token-budget-layers-'));
        const isFolder =
          LAYERS.some(({ folder }) => folder === target.split('/')[0]) ||
          /^(telemetry|clients)\//.test(target);
        const up = '../'.repeat(layer.split('/').length);
        write(root, `${layer}/planted.ts`, `import '${isFolder ? `${up}${target}/index.ts` : target}';\n`);
        const violations = violationsOf(
          checkStructure(readSources(root, []), RULES),
          /^imports across layers/,
        );
        rmSync(root, { recursive: true });
        assert.equal(violations.length, allowed ? 0 : 1, violations.join('\n'));
      });
    }
  }
});

function violationsOf(checks: readonly Check[], rule: RegExp): readonly string[] {
  const check = checks.find((one) => rule.test(one.rule));
  assert.ok(check, `no rule ${rule.source}`);
  return check.violations;
}

function write(root: string, path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
