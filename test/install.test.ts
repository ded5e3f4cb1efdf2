import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { packInto } from '../scripts/check-package.ts';
import { listen } from './support/http.ts';
import { NODE, runNode } from './support/run-node.ts';

const run = promisify(execFile);

/** How each manager installs the tarball beside openai, in a project that has nothing but a manifest. */
const MANAGERS: readonly {
  readonly name: string;
  readonly command: (tarball: string) => readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Options of Node that programs need. */
  readonly options?: string;
}[] = [
  { name: 'npm', command: (tarball) => ['npm', 'install', '--no-audit', '--no-fund', tarball, 'openai'] },
  {
    name: 'pnpm',
    command: (tarball) => ['npm', 'exec', '--yes', 'pnpm@12', '--', 'add', tarball, 'openai'],
    // As docs/troubleshooting.md says: pnpm ends with an error over build scripts that nobody has judged.
    files: { 'pnpm-workspace.yaml': 'allowBuilds:\n  protobufjs: false\n' },
  },
  {
    name: 'yarn',
    command: (tarball) => [
      ...['npm', 'exec', '--yes', '--package', '@yarnpkg/cli-dist@4', '--'],
      ...['yarn', 'add', `otel-token-budget@file:${tarball}`, 'openai'],
    ],
    files: { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\nenableTelemetry: false\n' },
  },
  {
    name: "yarn with Plug'n'Play",
    command: (tarball) => [
      ...['npm', 'exec', '--yes', '--package', '@yarnpkg/cli-dist@4', '--'],
      ...['yarn', 'add', `otel-token-budget@file:${tarball}`, 'openai'],
    ],
    files: { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\n' },
    // As `yarn node` has it.
    options: '--require ./.pnp.cjs --experimental-loader ./.pnp.loader.mjs',
  },
];

const BODY = `{ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello.' }] }`;
const CALL = `const answer = await new OpenAI().chat.completions.create(${BODY}); console.log(answer.choices[0].message.content, budget.getPreloaded().tracker.budget.limits.costUsd);`;

const KINDS = {
  commonjs: `const OpenAI = require('openai'); const budget = require('otel-token-budget'); (async () => { ${CALL} })();`,
  module: `import OpenAI from 'openai'; import * as budget from 'otel-token-budget'; ${CALL}`,
};

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
  usage: { prompt_tokens: 10, completion_tokens: 2 },
});

const registry = await registryUrl();

describe('the package, installed as a user would', {
  skip: registry === undefined && 'no package registry can be reached',
  concurrency: 2,
}, () => {
  let directory: string;
  let tarball: string;
  const paths: string[] = [];
  let server: { url: string; close: () => Promise<void> };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-install-'));
    tarball = packInto(directory).tarball;
    server = await listen(
      createServer(({ url }, response) => {
        paths.push(String(url));
        response.setHeader('content-type', 'application/json').end(ANSWER);
      }),
    );
  });

  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const { name, command, files, options = '' } of MANAGERS) {
    it(`works in a CommonJS and in an ES module project, with ${name}`, async () => {
      const project = join(directory, name);
      mkdirSync(project);
      const write = (file: string, text: string): void => writeFileSync(join(project, file), text);
      write('package.json', '{ "name": "agent", "private": true }');
      for (const [file, text] of Object.entries(files ?? {})) write(file, text);
      const [program = '', ...args] = command(tarball);
      const env = { ...process.env, YARN_NPM_REGISTRY_SERVER: registry };
      await run(program, args, { cwd: project, env, timeout: 120_000 });
      for (const [type, code] of Object.entries(KINDS)) {
        write('package.json', JSON.stringify({ name: 'agent', private: true, type }));
        write('agent.js', code);
        const collector = `/${encodeURIComponent(name)}/${type}`;
        const { stdout, stderr } = await runNode({
          node: NODE,
          args: ['--require', 'otel-token-budget/register', 'agent.js'],
          cwd: project,
          env: {
            TOKEN_BUDGET_USD: '5',
            OPENAI_API_KEY: 'none',
            OPENAI_BASE_URL: server.url,
            OTEL_EXPORTER_OTLP_ENDPOINT: server.url + collector,
            NODE_OPTIONS: options,
          },
        });
        assert.deepEqual([type, stdout, stderr], [type, 'Hello. 5\n', '']);
        assert.ok(paths.includes(`${collector}/v1/traces`), String(paths));
      }
    });
  }
});

/** The registry that npm is set to, where it answers. */
async function registryUrl(): Promise<string | undefined> {
  try {
    const { stdout } = await run('npm', ['config', 'get', 'registry']);
    const url = stdout.trim();
    const answer = await fetch(new URL('openai', url), {
      method: 'HEAD',
      signal: AbortSignal.timeout(5_000),
    });
    return answer.ok ? url : undefined;
  } catch {
    return undefined;
  }
}
