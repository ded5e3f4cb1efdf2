import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binOf, CALLS, METERED, type RunnerApp, runApp } from './runner-app.ts';

const REGISTER = 'otel-token-budget/register';
const PRELOAD = `--require ${REGISTER}`;
const UNMETERED = 'answered answered answered answered';

const TEST = `test('calls', async () => {
  process.stderr.write(await calls() + '\\n');
});
`;

/** Transpiles with SWC, to CommonJS or to ES modules. */
const transform = (type: 'commonjs' | 'es6'): string => `
const { transformSync } = require('@swc/core');
const options = { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: '${type}' } };
exports.process = (source, filename) => transformSync(source, { ...options, filename });
`;

const FILES = {
  'calls.ts': CALLS,
  'jest.test.ts': `import { calls } from './calls';\n${TEST}`,
  'jest.commonjs.cjs': `module.exports = { testMatch: ['**/jest.test.ts'], transform: { ts$: '<rootDir>/transform.commonjs.cjs' } };`,
  'jest.esm.cjs': `module.exports = { testMatch: ['**/jest.test.ts'], transform: { ts$: '<rootDir>/transform.esm.cjs' }, extensionsToTreatAsEsm: ['.ts'] };`,
  'transform.commonjs.cjs': transform('commonjs'),
  'transform.esm.cjs': transform('es6'),
  'vitest.spec.ts': `import { test } from 'vitest';\nimport { calls } from './calls';\n${TEST}`,
  'vitest.config.mjs': `const { POOL: pool, SETUP } = process.env;
export default { test: { include: ['vitest.spec.ts'], pool, setupFiles: SETUP ? [SETUP] : [] } };`,
};

const VM_MODULES = '--experimental-vm-modules --no-warnings';
const jest = (config: string, ...args: readonly string[]): readonly string[] => [
  ...[binOf('jest', 'bin/jest.js'), '--config', `jest.${config}.cjs`, '--watchman=false', ...args],
];
const SET_UP = ['--setupFiles', REGISTER];
const VITEST = [binOf('vitest', 'vitest.mjs'), 'run'];

type Way = Pick<RunnerApp, 'args' | 'env'> & { readonly type?: RunnerApp['type'] };

const METERED_WAYS: Readonly<Record<string, Way>> = {
  'Jest, with a setup file': { type: 'commonjs', args: jest('commonjs', '--runInBand', ...SET_UP) },
  'Jest, with a setup file and the preload': {
    ...{ type: 'commonjs', args: jest('commonjs', ...SET_UP) },
    env: { NODE_OPTIONS: PRELOAD },
  },
  'Jest with ES modules, with a setup file': {
    ...{ args: jest('esm', ...SET_UP), env: { NODE_OPTIONS: VM_MODULES } },
  },
  ...Object.fromEntries(
    ['forks', 'threads'].map((pool) => [
      `Vitest (${pool}), with the preload`,
      { args: VITEST, env: { POOL: pool, NODE_OPTIONS: PRELOAD } },
    ]),
  ),
  ...Object.fromEntries(
    ['forks', 'threads', 'vmForks', 'vmThreads'].map((pool) => [
      `Vitest (${pool}), with a setup file`,
      { args: VITEST, env: { POOL: pool, SETUP: REGISTER } },
    ]),
  ),
};

const REPORTED_WAYS: Readonly<Record<string, Way>> = {
  'Jest, with the preload alone': {
    ...{ type: 'commonjs', args: jest('commonjs') },
    env: { NODE_OPTIONS: PRELOAD },
  },
  'Jest, with nothing': { type: 'commonjs', args: jest('commonjs', '--runInBand') },
  'Vitest (vmForks), with the preload alone': {
    ...{ args: VITEST, env: { POOL: 'vmForks', NODE_OPTIONS: PRELOAD } },
  },
  'Vitest (vmThreads), with the preload alone': {
    ...{ args: VITEST, env: { POOL: 'vmThreads', NODE_OPTIONS: PRELOAD } },
  },
};

describe('tests that call a model', { concurrency: 2 }, () => {
  for (const [name, { type = 'module', ...way }] of Object.entries(METERED_WAYS))
    it(`are counted and refused in both of their budgets, in ${name}`, async () => {
      const { code, stderr, spans, requests } = await runApp({ type, files: FILES, ...way });
      assert.match(stderr, new RegExp(`^${METERED}$`, 'm'));
      assert.doesNotMatch(stderr, /otel-token-budget: (?!no limit)/);
      assert.deepEqual([code, requests], [0, 2]);
      // Vitest ends its workers without waiting for what they have to send.
      if (name.startsWith('Jest')) assert.equal(spans.length, 4);
    });

  for (const [name, { type = 'module', ...way }] of Object.entries(REPORTED_WAYS))
    it(`are reported as not metered, in ${name}`, async () => {
      const { stderr } = await runApp({ type, files: FILES, ...way });
      assert.match(stderr, new RegExp(`^${UNMETERED}$`, 'm'));
      assert.match(stderr, /^otel-token-budget: .*(not metered|no client of a model is metered).*"job"/m);
    });
});
