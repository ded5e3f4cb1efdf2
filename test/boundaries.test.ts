import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { REPO_ROOT } from './support/paths.ts';

/** What each layer may import, and what it may not. `store` implements what `budget` declares. */
const LAYERS: Readonly<
  Record<string, { readonly may: readonly string[]; readonly mayNot: readonly string[] }>
> = {
  usage: {
    may: ['./token-usage.ts', 'node:fs'],
    mayNot: ['../pricing/index.ts', '../budget/index.ts', '@opentelemetry/api', 'openai', 'openai/resources'],
  },
  pricing: {
    may: ['./rates.ts', '../usage/index.ts'],
    mayNot: [
      '../budget/index.ts',
      '../tokens/index.ts',
      '../config/index.ts',
      '@opentelemetry/api',
      'openai',
    ],
  },
  tokens: {
    may: ['./text.ts', '../usage/index.ts', 'js-tiktoken/lite'],
    mayNot: ['../budget/index.ts', '../openai/index.ts', '@opentelemetry/api', 'openai'],
  },
  budget: {
    may: ['./ledger.ts', '../pricing/index.ts', '../tokens/index.ts', '../usage/index.ts'],
    mayNot: ['../store/index.ts', '../otel/index.ts', '../config/index.ts', '@opentelemetry/api', 'openai'],
  },
  store: {
    may: ['../budget/index.ts', '../pricing/index.ts', '../usage/index.ts'],
    mayNot: ['../otel/index.ts', '../openai/index.ts', '../config/index.ts', '@opentelemetry/api', 'openai'],
  },
  config: {
    may: ['valibot', '../budget/index.ts', '../pricing/index.ts'],
    mayNot: ['../store/index.ts', '../otel/index.ts', '../openai/index.ts', '@opentelemetry/api', 'openai'],
  },
  openai: {
    may: [
      '../budget/index.ts',
      '../otel/semconv.ts',
      '../otel/summed-counter.ts',
      '../otel/usage-attributes.ts',
      '@opentelemetry/api',
      '@opentelemetry/instrumentation',
    ],
    mayNot: [
      '../otel/sdk.ts',
      '../otel/index.ts',
      '../config/index.ts',
      '../preload.ts',
      '@opentelemetry/sdk-node',
      'openai',
    ],
  },
  'openai/meters': {
    may: ['./meter.ts', '../plan.ts', '../../usage/index.ts', '../../pricing/index.ts'],
    mayNot: [
      '../../otel/sdk.ts',
      '../../preload.ts',
      '../../config/index.ts',
      'openai',
      '@opentelemetry/sdk-node',
    ],
  },
  fetch: {
    may: [
      '../openai/plan.ts',
      '../tokens/values.ts',
      '../budget/index.ts',
      '../preloaded.ts',
      '@opentelemetry/api',
    ],
    mayNot: ['../otel/index.ts', '../ai-sdk/index.ts', '../preload.ts', 'openai', '@anthropic-ai/sdk'],
  },
  'ai-sdk': {
    may: [
      '../openai/plan.ts',
      '../tokens/values.ts',
      '../budget/index.ts',
      '../preloaded.ts',
      '@opentelemetry/api',
    ],
    mayNot: ['../otel/index.ts', '../fetch/index.ts', '../preload.ts', 'openai', 'ai', '@ai-sdk/provider'],
  },
  otel: {
    may: ['../config/index.ts', '../budget/index.ts', '@opentelemetry/sdk-node'],
    mayNot: ['../openai/index.ts', '../store/index.ts', '../preload.ts', 'openai', 'openai/core'],
  },
  jobs: {
    may: [
      'valibot',
      '../budget/index.ts',
      '../config/index.ts',
      '../openai/meter-client.ts',
      '../otel/current-budget.ts',
      '../store/memory.ts',
      '../../store/sqlite/connection.ts',
      '@opentelemetry/api',
    ],
    mayNot: [
      '../otel/sdk.ts',
      '../otel/index.ts',
      '../preload.ts',
      '../job-process.ts',
      '../cli/exit.ts',
      '@opentelemetry/sdk-node',
      'openai',
    ],
  },
  cli: {
    may: [
      'commander',
      '../budget/index.ts',
      '../config/index.ts',
      '../jobs/index.ts',
      '../pricing/index.ts',
      '../store/index.ts',
      '../otel/semconv.ts',
      '../version.ts',
    ],
    mayNot: ['../openai/index.ts', '../otel/sdk.ts', '../preload.ts', 'openai', '@opentelemetry/sdk-node'],
  },
};

const RULE = 'lint/style/noRestrictedImports';

/** Imports by layer, each in a file of its own. */
interface Planted {
  readonly path: string;
  readonly layer: string;
  readonly specifier: string;
  readonly allowed: boolean;
}

describe('the lint rule that keeps the layers apart', () => {
  const planted: Planted[] = Object.entries(LAYERS).flatMap(([layer, { may, mayNot }]) =>
    [...may, ...mayNot].map((specifier, index) => ({
      path: `src/${layer}/planted-${index}.ts`,
      layer,
      specifier,
      allowed: index < may.length,
    })),
  );
  let refused: ReadonlySet<string>;
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-layers-'));
    for (const { path, specifier } of planted) write(path, `export * from '${specifier}';\n`);
    write('biome.json', biomeConfig());
    refused = lint(directory);
  });

  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const { path, layer, specifier, allowed } of planted) {
    it(`${layer} ${allowed ? 'may' : 'may not'} import ${specifier}`, () => {
      assert.equal(refused.has(path), !allowed);
    });
  }

  it('knows every layer', () => {
    const layers = readdirSync(join(REPO_ROOT, 'src'), { withFileTypes: true }).filter((one) =>
      one.isDirectory(),
    );
    assert.deepEqual(
      layers.map(({ name }) => name).sort(),
      Object.keys(LAYERS)
        .filter((name) => !name.includes('/'))
        .sort(),
    );
  });

  function write(path: string, content: string): void {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
});

/** The project's own rules, for a directory that is not in git. */
function biomeConfig(): string {
  const {
    $schema: _,
    vcs: __,
    ...config
  } = JSON.parse(readFileSync(join(REPO_ROOT, 'biome.json'), 'utf8')) as Record<string, unknown>;
  return JSON.stringify(config);
}

/** The files that the rule refuses. */
function lint(directory: string): ReadonlySet<string> {
  const biome = join(REPO_ROOT, 'node_modules', '.bin', 'biome');
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const { stdout, stderr } = spawnSync(biome, args, { cwd: directory, encoding: 'utf8' });
  assert.ok(stdout.startsWith('{'), stderr);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { category: string; severity: string; location: { path: string } }[];
  };
  const errors = diagnostics.filter(({ category, severity }) => category === RULE && severity === 'error');
  return new Set(errors.map(({ location }) => location.path));
}
