import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { build } from 'esbuild';
import { OPENAI_VERSIONS, type OpenaiVersion, REPO_ROOT } from '../support/paths.ts';
import { runScript } from '../support/script-run.ts';

/** The openai SDK in one file, as a bundler puts it into a program. */
async function bundleOpenai(version: OpenaiVersion, minify: boolean): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export { default } from 'openai';`, resolveDir: OPENAI_VERSIONS[version] },
    bundle: true,
    format: 'esm',
    minify,
    platform: 'node',
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

describe('a copy of openai in a bundle', { concurrency: 2 }, () => {
  for (const version of ['4', '5', '6', '7'] as const) {
    for (const minify of [false, true]) {
      test(`is reported once as not metered: openai ${version}, ${minify ? 'minified' : 'with its names'}`, async () => {
        const { printed, stderr } = await runScript({
          openai: version,
          openaiLate: true,
          script: `const { default: OpenAI } = await import('./bundle.mjs');
            const client = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
            for (let call = 0; call < 2; call += 1) await client.chat.completions.create(CHAT, replay('chat-plain'));
            print((await budget().status()).balances.settled.calls);`,
          files: { 'bundle.mjs': await bundleOpenai(version, minify) },
          env: { TOKEN_BUDGET_CALLS: '1' },
        });
        assert.deepEqual(printed, [0]);
        const lines = stderr.split('\n').filter((line) => line.startsWith('otel-token-budget:'));
        assert.equal(lines.length, 1, stderr);
        assert.match(lines[0] ?? '', new RegExp(`a copy of openai ${version}\\.[\\d.]+ that is not metered`));
      });
    }
  }
});

test('this package in a bundle says that no budget is enforced', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { startBudget } from './dist/index.js'; startBudget({ limits: { calls: 1 } });`,
      resolveDir: REPO_ROOT,
    },
    bundle: true,
    format: 'esm',
    packages: 'external',
    platform: 'node',
    write: false,
  });
  const { stderr, code } = await runScript({
    args: [],
    openaiLate: true,
    script: `await import('./bundle.mjs');`,
    files: { 'bundle.mjs': outputFiles[0]?.text ?? '' },
  });
  assert.match(stderr, /a bundler has put this package into the program.*: no budget is enforced/);
  assert.equal(code, 0);
});
