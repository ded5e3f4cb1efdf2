import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { contentProblems, type Packed, packInto } from '../scripts/check-package.ts';
import { listen } from './support/http.ts';
import { REPO_ROOT, WORKSPACES } from './support/paths.ts';
import { type NodeResult, runNode } from './support/run-node.ts';

/** What an application does that uses the package: a call, and a look at its budget. */
const APP = `
const client = new OpenAI();
const answer = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Say hello.' }],
});
const { tracker, config } = getPreloaded();
const { balances } = await tracker.status();
console.log(JSON.stringify({ said: answer.choices[0].message.content, mode: config.budget.mode, ...balances.settled }));
`;

const APPS = {
  'app.mjs': `import OpenAI from 'openai';\nimport { getPreloaded } from 'otel-token-budget';\n${APP}`,
  'app.cjs': `const OpenAI = require('openai');\nconst { getPreloaded } = require('otel-token-budget');\n(async () => {${APP}})();\n`,
};

/** Every line of it is checked against the published types, `skipLibCheck` off. */
const TYPED = `
import {
  BudgetExceededError, type BudgetStatus, defineBudget, MemoryStore, type Preloaded, getPreloaded, TokenBudgetTracker,
} from 'otel-token-budget';
import { type BudgetMiddleware, budgetMiddleware } from 'otel-token-budget/ai-sdk';
import { budgetFetch, NoBudgetError } from 'otel-token-budget/fetch';
import { type JobDefinition } from 'otel-token-budget/jobs';
import 'otel-token-budget/register';
const held: Preloaded | undefined = getPreloaded();
const tracker = held?.tracker ?? new TokenBudgetTracker(defineBudget({ name: 'a', limits: { costUsd: 1 } }), { store: new MemoryStore() });
export const charged: typeof fetch = budgetFetch({ tracker, includeUsage: 'always' });
export const middleware: BudgetMiddleware = budgetMiddleware({ tracker });
export const without = (error: unknown): boolean => error instanceof NoBudgetError;
tracker.on((event) => console.log(event.type));
const status: BudgetStatus = await tracker.status();
export const left: number | undefined = status.left.costUsd;
export const is402 = (error: unknown): boolean => error instanceof BudgetExceededError && error.status === 402;
// @ts-expect-error a limit is a number
defineBudget({ name: 'a', limits: { costUsd: '1' } });
`;

describe('the packed package', () => {
  let directory: string;
  let packed: Packed;
  let server: { url: string; close: () => Promise<void> };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-package-'));
    packed = packInto(directory);
    install(packed.tarball, directory);
    for (const [name, code] of Object.entries(APPS)) writeFileSync(join(directory, name), code);
    server = await listen(
      createServer((_, response) => response.setHeader('content-type', 'application/json').end(ANSWER)),
    );
  });

  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('holds what users need and nothing else', () => {
    assert.deepEqual(contentProblems(packed.files), []);
    const planted = [
      ...packed.files,
      { path: 'test/e2e/a.test.ts', size: 1 },
      { path: 'dist/a.js', size: 2e6 },
    ];
    assert.equal(contentProblems(planted).length, 2);
    assert.deepEqual(contentProblems(packed.files.filter(({ path }) => path !== 'LICENSE')), [
      'LICENSE is missing',
    ]);
  });

  for (const app of Object.keys(APPS)) {
    for (const flag of ['--require', '--import']) {
      it(`counts the calls of ${app} with ${flag}, without a word on stderr`, async () => {
        const { code, stdout, stderr } = await run(app, flag);
        assert.equal(stderr, '');
        assert.equal(code, 0);
        // 1,000 at $0.15 and 100 at $0.60 per million tokens.
        const spent = { said: 'Hello.', mode: 'strict', costNanoUsd: 210_000, tokens: 1_100, calls: 1 };
        assert.deepEqual(JSON.parse(stdout), spent);
      });
    }
  }

  it('has types that resolve from an ES module', () => {
    writeFileSync(join(directory, 'typed.mts'), TYPED);
    const tsc = join(REPO_ROOT, 'node_modules', '.bin', 'tsc');
    const args = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--types',
      'node',
      'typed.mts',
    ];
    assert.equal(tscOutput(tsc, args), '');
  });

  // As projects of NestJS are set up; TypeScript 7 no longer has it.
  it('has types that resolve without exports, from CommonJS', () => {
    writeFileSync(
      join(directory, 'typed-node10.ts'),
      TYPED.replace('await tracker.status()', 'tracker.status() as BudgetStatus'),
    );
    const tsc = join(WORKSPACES.runners, 'node_modules', 'typescript', 'bin', 'tsc');
    const options =
      '--noEmit --strict --skipLibCheck --target es2022 --module commonjs --moduleResolution node10 --types node';
    assert.equal(tscOutput(tsc, [...options.split(' '), 'typed-node10.ts']), '');
  });

  function tscOutput(tsc: string, args: readonly string[]): string {
    try {
      return execFileSync(tsc, args, { cwd: directory, encoding: 'utf8' });
    } catch (error) {
      return String((error as { stdout?: unknown }).stdout ?? error);
    }
  }

  function run(app: string, flag: string): Promise<NodeResult> {
    return runNode({
      args: [flag, 'otel-token-budget/register', app],
      cwd: directory,
      env: {
        TOKEN_BUDGET_USD: '1',
        OPENAI_API_KEY: 'none',
        OPENAI_BASE_URL: server.url,
        // Nobody listens there.
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      },
    });
  }
});

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
  usage: { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 },
});

/** Unpacks the tarball into `node_modules`, and links beside it what it depends on: a registry has no part in a test. */
function install(tarball: string, directory: string): void {
  const modules = join(directory, 'node_modules');
  mkdirSync(modules);
  execFileSync('tar', ['-xzf', tarball, '-C', directory]);
  renameSync(join(directory, 'package'), join(modules, 'otel-token-budget'));
  const manifest = JSON.parse(readFileSync(join(modules, 'otel-token-budget', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(manifest.dependencies), 'openai', '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(REPO_ROOT, 'node_modules', name), join(modules, name));
  }
}
