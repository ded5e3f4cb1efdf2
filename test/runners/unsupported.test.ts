import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FORMER_NODES, NODE } from '../support/paths.ts';
import { runApp } from './runner-app.ts';

const APP = `console.log('the program ran');`;
const REGISTER = 'otel-token-budget/register';

/** A runtime that states its own version beside that of the Node it imitates. */
const imitation = (name: string): readonly string[] => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,${name}:'1.4.5'}})`,
];

const PROGRAMS: Readonly<Record<string, { node: string; args: readonly string[]; got: RegExp }>> = {
  'Node 18': { node: FORMER_NODES['Node 18'], args: [], got: /got Node 18\.\d+\.\d+/ },
  'Node 20': { node: FORMER_NODES['Node 20'], args: [], got: /got Node 20\.\d+\.\d+/ },
  Bun: { node: NODE, args: imitation('bun'), got: /got Bun 1\.4\.5/ },
  Deno: { node: NODE, args: imitation('deno'), got: /got Deno 1\.4\.5/ },
};

describe('the preload where it cannot run', { concurrency: 2 }, () => {
  for (const [name, { node, args, got }] of Object.entries(PROGRAMS))
    for (const flag of ['--require', '--import'])
      it(`ends the program with one line and exit code 78, on ${name} with ${flag}`, async () => {
        // Modules of --require are loaded before those of --import.
        const preload = flag === '--require' && args.length > 0 ? ['--import', REQUIRED] : [flag, REGISTER];
        const { code, stdout, stderr } = await runApp({
          ...{ type: 'commonjs', files: { 'app.js': APP }, node },
          args: [...args, ...preload, 'app.js'],
        });
        assert.equal(stdout, '');
        assert.match(stderr, /^otel-token-budget: .*, expected (Node )?\^22\.12\.0 .*\n$/);
        assert.match(stderr, got);
        assert.equal(code, 78);
      });
});

const REQUIRED = `data:text/javascript,import{createRequire}from'node:module';createRequire(process.cwd()+'/')('${REGISTER}')`;
