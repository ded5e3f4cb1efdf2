import assert from 'node:assert/strict';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NODE, OLDEST_NODES, OPENAI_VERSIONS } from '../support/paths.ts';
import { CALLS, METERED, type RunnerApp, runApp } from './runner-app.ts';

const REGISTER = 'otel-token-budget/register';
const UNMETERED = 'answered answered answered answered';
const PRINT = `\nvoid calls().then((line) => console.log(line));\n`;

/** The calls in JavaScript, for an older Node. */
const JS = CALLS.replaceAll(/: (OpenAI|string\[\]|Promise<string>)(?= =|\)| \{)/g, '');
const COMMONJS = JS.replaceAll(/import (.*) from ('.*');/g, 'const $1 = require($2);').replace('export ', '');
const IMPORTED = { 'app.js': `import '${REGISTER}';\n${JS}${PRINT}` };
const REQUIRED = { 'app.js': `${COMMONJS}\nrequire('${REGISTER}');${PRINT}` };

/** Puts another copy of openai beside the program. */
const withOpenai =
  (version: keyof typeof OPENAI_VERSIONS) =>
  (directory: string): void =>
    symlinkSync(
      join(OPENAI_VERSIONS[version], 'node_modules', 'openai'),
      join(directory, 'node_modules', 'openai'),
    );

/** Links openai to a directory that is not below any `node_modules`, as `npm link` does. */
function linkOpenai(directory: string): void {
  mkdirSync(join(directory, 'work'));
  cpSync(join(OPENAI_VERSIONS['7'], 'node_modules', 'openai'), join(directory, 'work', 'sdk'), {
    recursive: true,
  });
  symlinkSync(join(directory, 'work', 'sdk'), join(directory, 'node_modules', 'openai'));
}

const QUERY = `data:text/javascript,import{registerHooks}from'node:module';
registerHooks({resolve(s,c,next){const r=next(s,c);return r.url.includes('/openai/')?{...r,url:r.url+'?v=1'}:r}})`;

type Program = Omit<RunnerApp, 'args'> & { readonly args?: readonly string[] };

const METERED_PROGRAMS: Readonly<Record<string, Program>> = {
  'its first import is the preload': { type: 'module', files: IMPORTED },
  'its first import is the preload, with openai 6': {
    ...{ type: 'module', files: IMPORTED, setUp: withOpenai('6') },
  },
  'it requires the preload after openai': { type: 'commonjs', files: REQUIRED },
  'it requires the preload after openai 4': {
    ...{ type: 'commonjs', files: REQUIRED, setUp: withOpenai('4') },
  },
  'it requires the preload after openai, on Node 22.12': {
    ...{ type: 'commonjs', files: REQUIRED, node: OLDEST_NODES['Node 22.12'], args: ['--no-warnings'] },
  },
  'openai is linked (ES modules)': {
    ...{ type: 'module', files: { 'app.js': JS + PRINT }, setUp: linkOpenai, args: ['--import', REGISTER] },
  },
  'openai is linked (CommonJS)': {
    ...{
      type: 'commonjs',
      files: { 'app.js': COMMONJS + PRINT },
      setUp: linkOpenai,
      args: ['--require', REGISTER],
    },
  },
  'openai is installed by another name (ES modules)': {
    ...{ type: 'module', files: { 'app.js': JS.replace(`'openai'`, `'old-openai'`) + PRINT } },
    args: ['--import', REGISTER],
  },
  'openai is installed by another name (CommonJS)': {
    ...{ type: 'commonjs', files: { 'app.js': COMMONJS.replace(`'openai'`, `'old-openai'`) + PRINT } },
    args: ['--require', REGISTER],
  },
  'a loader before adds a query to URLs': {
    ...{ type: 'module', files: { 'app.js': JS + PRINT }, args: ['--import', QUERY, '--import', REGISTER] },
  },
  'a loader after adds a query to URLs': {
    ...{ type: 'module', files: { 'app.js': JS + PRINT }, args: ['--require', REGISTER, '--import', QUERY] },
  },
};

describe('a program', { concurrency: 2 }, () => {
  for (const [name, { args = [], node = NODE, ...program }] of Object.entries(METERED_PROGRAMS))
    it(`is counted and refused in both of its budgets if ${name}`, async () => {
      const { code, stdout, stderr, requests, spans } = await runApp({
        ...{ ...program, node, args: [...args, 'app.js'] },
      });
      assert.deepEqual([stdout.trim(), stderr, code], [METERED, '', 0]);
      assert.deepEqual([requests, spans.length], [2, 4]);
    });

  for (const [name, program] of Object.entries({
    'Node cannot return what it imports': { node: OLDEST_NODES['Node 22.12'] },
    'its openai cannot be evaluated early': { setUp: withOpenai('4') },
  }))
    it(`is reported as not metered if its first import is the preload and ${name}`, async () => {
      const { stdout, stderr } = await runApp({
        ...{ type: 'module', files: IMPORTED, args: ['--no-warnings', 'app.js'], ...program },
      });
      assert.equal(stdout.trim(), UNMETERED);
      assert.match(stderr, /^otel-token-budget: POST .* that is not metered, so "job"/m);
    });
});
