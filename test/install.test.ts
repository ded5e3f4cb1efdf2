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
import { NODE, type NodeResult, runNode } from './support/run-node.ts';

const run = promisify(execFile);

/** How each manager installs the tarball beside openai, in a project that has nothing but a manifest. */
const MANAGERS: readonly {
  readonly name: string;
  /** Adds the tarball and other packages; or only resolves them, without installing any. */
  readonly command: (
    tarball: string,
    packages: readonly string[],
    resolveOnly?: boolean,
  ) => readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Options of Node that programs need. */
  readonly options?: string;
}[] = [
  {
    name: 'npm',
    command: (tarball, packages, resolveOnly) => [
      ...['npm', 'install', '--no-audit', '--no-fund'],
      ...(resolveOnly === true ? ['--package-lock-only'] : []),
      ...[tarball, ...packages],
    ],
  },
  {
    name: 'pnpm',
    command: (tarball, packages, resolveOnly) => [
      ...['npm', 'exec', '--yes', 'pnpm@12', '--', 'add'],
      ...(resolveOnly === true ? ['--lockfile-only'] : []),
      ...[tarball, ...packages],
    ],
    // As docs/troubleshooting.md says: pnpm ends with an error over build scripts that nobody has judged.
    files: { 'pnpm-workspace.yaml': 'allowBuilds:\n  protobufjs: false\n' },
  },
  {
    name: 'yarn',
    command: (tarball, packages, resolveOnly) => [
      ...['npm', 'exec', '--yes', '--package', '@yarnpkg/cli-dist@4', '--', 'yarn', 'add'],
      ...(resolveOnly === true ? ['--mode=update-lockfile'] : []),
      ...[`otel-token-budget@file:${tarball}`, ...packages],
    ],
    files: { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\nenableTelemetry: false\n' },
  },
  {
    name: "yarn with Plug'n'Play",
    command: (tarball, packages) => [
      ...['npm', 'exec', '--yes', '--package', '@yarnpkg/cli-dist@4', '--'],
      ...['yarn', 'add', `otel-token-budget@file:${tarball}`, ...packages],
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

/** An SDK of the application, with the releases of the API that its own peer dependency allows. */
const HOST_SDKS: readonly {
  readonly sdk: string;
  readonly apis: readonly string[];
  readonly installedBy: string;
}[] = [
  { sdk: '0.57.2', apis: ['1.4.1', '1.8.0', '1.9.1'], installedBy: 'pnpm' },
  { sdk: '0.223.0', apis: ['1.9.1'], installedBy: 'npm' },
  { sdk: '0.301.0', apis: ['1.10.0'], installedBy: 'yarn' },
];

/** How npm, pnpm and yarn name a conflict of peer dependencies. */
const PEER_CONFLICT = /ERESOLVE|peer dep|unmet peer|YN0002|YN0060|YN0086/i;

/** Starts the SDK of the application, makes a call in a span of its own, and prints the spans that the SDK has. */
const HOST_APPLICATION = `
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { trace } = require('@opentelemetry/api');
const ended = [];
const done = async () => {};
const processor = { onStart() {}, forceFlush: done, shutdown: done, onEnd: ({ name }) => ended.push(name) };
const sdk = new NodeSDK({ spanProcessor: processor, spanProcessors: [processor] });
sdk.start();
const OpenAI = require('openai');
(async () => {
  await trace.getTracer('agent').startActiveSpan('work', async (span) => {
    await new OpenAI().chat.completions.create(${BODY});
    span.end();
  });
  await sdk.shutdown();
  console.log(ended.join(', '));
})();
`;

const registry = await registryUrl();

describe('the package, installed as a user would', {
  skip: registry === undefined && 'no package registry can be reached',
  concurrency: 4,
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

  /** A directory with a manifest, and the files that a manager needs. */
  function makeProject(name: string, files: Readonly<Record<string, string>> = {}): string {
    const project = join(directory, name);
    mkdirSync(project);
    const all = { 'package.json': '{ "name": "agent", "private": true }', ...files };
    for (const [file, text] of Object.entries(all)) writeFileSync(join(project, file), text);
    return project;
  }

  /** Runs a command of a manager, and returns what it printed. */
  async function install(project: string, [program = '', ...args]: readonly string[]): Promise<string> {
    const env = { ...process.env, YARN_NPM_REGISTRY_SERVER: registry };
    const { stdout, stderr } = await run(program, args, { cwd: project, env, timeout: 120_000 });
    return stdout + stderr;
  }

  /** Runs the agent of a project under the preload. */
  function runAgent(project: string, env: Readonly<Record<string, string>>): Promise<NodeResult> {
    const args = ['--require', 'otel-token-budget/register', 'agent.js'];
    const own = { TOKEN_BUDGET_USD: '5', OPENAI_API_KEY: 'none', OPENAI_BASE_URL: server.url };
    return runNode({ node: NODE, args, cwd: project, env: { ...own, ...env } });
  }

  for (const { name, command, files, options = '' } of MANAGERS) {
    it(`works in a CommonJS and in an ES module project, with ${name}`, async () => {
      const project = makeProject(name, files);
      const write = (file: string, text: string): void => writeFileSync(join(project, file), text);
      await install(project, command(tarball, ['openai']));
      for (const [type, code] of Object.entries(KINDS)) {
        write('package.json', JSON.stringify({ name: 'agent', private: true, type }));
        write('agent.js', code);
        const collector = `/${encodeURIComponent(name)}/${type}`;
        const { stdout, stderr } = await runAgent(project, {
          OTEL_EXPORTER_OTLP_ENDPOINT: server.url + collector,
          NODE_OPTIONS: options,
        });
        assert.deepEqual([type, stdout, stderr], [type, 'Hello. 5\n', '']);
        assert.ok(paths.includes(`${collector}/v1/traces`), String(paths));
      }
    });
  }

  for (const { sdk, apis, installedBy } of HOST_SDKS) {
    // How packages are linked changes nothing.
    for (const { name, command, files } of MANAGERS.filter(({ options }) => options === undefined)) {
      // npm for every release of the API; the others, whose rules are the same, for the newest.
      for (const api of name === 'npm' ? apis : apis.slice(-1)) {
        const isInstalled = name === installedBy && api === apis.at(-1);
        it(`conflicts with no peer beside sdk-node ${sdk} and API ${api}, with ${name}`, async () => {
          const project = makeProject(`${name}-${sdk}-${api}`, files);
          const packages = ['openai', `@opentelemetry/sdk-node@${sdk}`, `@opentelemetry/api@${api}`];
          assert.doesNotMatch(
            await install(project, command(tarball, packages, !isInstalled)),
            PEER_CONFLICT,
          );
          if (!isInstalled) return;
          writeFileSync(join(project, 'agent.js'), HOST_APPLICATION);
          const { stdout, stderr } = await runAgent(project, {
            OTEL_TRACES_EXPORTER: 'none',
            OTEL_METRICS_EXPORTER: 'none',
            OTEL_LOGS_EXPORTER: 'none',
          });
          assert.deepEqual([stdout, stderr], ['chat gpt-4o-mini, work\n', '']);
        });
      }
    }
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
