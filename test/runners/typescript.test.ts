import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APP, binOf, METERED, type RunnerApp, runApp } from './runner-app.ts';

const REGISTER = 'otel-token-budget/register';
const PRELOADED = { NODE_OPTIONS: `--require ${REGISTER}` };
const TSX = binOf('tsx', 'dist/cli.mjs');
const TS_NODE = ['--require', 'ts-node/register/transpile-only'];
const TS_NODE_HOOK = `data:text/javascript,import{register}from'node:module';register('ts-node/esm/transpile-only','file://'+process.cwd()+'/')`;

type Way = Pick<RunnerApp, 'args' | 'env'>;

/** How programs in TypeScript are started, of either kind. */
const BOTH: Readonly<Record<string, Way>> = {
  'tsx --import': { args: [TSX, '--import', REGISTER, 'app.ts'] },
  'tsx --require': { args: [TSX, '--require', REGISTER, 'app.ts'] },
  'token-budget run -- tsx': {
    args: ['node_modules/otel-token-budget/dist/cli/main.js', 'run', '--quiet', '--', 'tsx', 'app.ts'],
  },
  'node --import tsx --require': { args: ['--import', 'tsx', '--require', REGISTER, 'app.ts'] },
  'node --import tsx --import': { args: ['--import', 'tsx', '--import', REGISTER, 'app.ts'] },
  'node --import, then tsx': { args: ['--import', REGISTER, '--import', 'tsx', 'app.ts'] },
  'a script of npm': { args: ['--run', 'app'], env: PRELOADED },
  'vite-node': { args: [binOf('vite-node', 'dist/cli.mjs'), 'app.ts'], env: PRELOADED },
};

const WAYS: Readonly<Record<RunnerApp['type'], Readonly<Record<string, Way>>>> = {
  module: {
    ...BOTH,
    'Node alone': { args: ['--require', REGISTER, 'app.ts'] },
    '@swc-node/register/esm-register': {
      args: ['--import', REGISTER, '--import', '@swc-node/register/esm-register', 'app.ts'],
    },
    'ts-node/esm': { args: ['--no-deprecation', '--require', REGISTER, '--import', TS_NODE_HOOK, 'app.ts'] },
  },
  commonjs: {
    ...BOTH,
    '@swc-node/register': { args: ['--require', REGISTER, '--require', '@swc-node/register', 'app.ts'] },
    '@swc-node/register first': {
      args: ['--require', '@swc-node/register', '--require', REGISTER, 'app.ts'],
    },
    'ts-node': { args: ['--require', REGISTER, ...TS_NODE, 'app.ts'] },
    'ts-node first': { args: [...TS_NODE, '--require', REGISTER, 'app.ts'] },
  },
};

for (const type of ['module', 'commonjs'] as const)
  describe(`a program in TypeScript (${type})`, { concurrency: 2 }, () => {
    for (const [name, way] of Object.entries(WAYS[type]))
      it(`is counted and refused in both of its budgets, with ${name}`, async () => {
        const { code, stdout, stderr, spans, requests } = await runApp({
          type,
          files: { 'app.ts': APP },
          ...way,
        });
        assert.deepEqual([stdout.trim(), stderr, code], [METERED, '', 0]);
        assert.equal(requests, 2);
        assert.equal(spans.length, 4);
      });
  });
