import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeAppDir } from '../../support/app-dir.ts';
import { startApi } from '../../support/budgeted-client.ts';
import { OPENAI_VERSIONS, type OpenaiVersion } from '../../support/paths.ts';
import { registerPath, runNode } from '../../support/run-node.ts';

const USAGE = { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 };
const IMAGE_USAGE = {
  input_tokens: 60,
  input_tokens_details: { text_tokens: 20, image_tokens: 40 },
  output_tokens: 1_056,
};
const LINE = {
  custom_id: '1',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-5.2', messages: [], max_completion_tokens: 100 },
};

const APP = `
const OpenAI = require('openai');
const { toFile } = OpenAI;
const budget = globalThis[Symbol.for('otel-token-budget.preloaded')].tracker;
const client = new OpenAI({ apiKey: 'x', baseURL: process.env.URL, maxRetries: 0 });
const unmetered = [];
const steps = {};
budget.on((event) => { if (event.type === 'unmetered') unmetered.push(event.endpoint); });
const step = async (name, run) => {
  await run();
  const { settled, open } = (await budget.status()).balances;
  steps[name] = [settled.costNanoUsd, open];
};
(async () => {
  await step('edit', async () => client.images.edit({ model: 'gpt-image-1', image: await toFile(Buffer.from('a'), 'a.png'), prompt: 'x' }));
  await step('transcription', async () => client.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(Buffer.alloc(10000), 'a.mp3') }));
  if (client.batches) {
    await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from(${JSON.stringify(JSON.stringify(LINE))}), 'b.jsonl') });
    await step('batch', () => client.batches.create({ input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' }));
    await step('batch completed', () => client.batches.retrieve('batch_1'));
  }
  if (client.responses) {
    await step('background', () => client.responses.create({ model: 'gpt-5.2', input: 'x', background: true, max_output_tokens: 100 }));
    await step('background completed', () => client.responses.retrieve('resp_1'));
  }
  console.log(JSON.stringify({ steps, unmetered }));
})();
`;

const RETRIES = `
const OpenAI = require('openai');
const budget = globalThis[Symbol.for('otel-token-budget.preloaded')].tracker;
const client = new OpenAI({ apiKey: 'x', baseURL: process.env.URL, maxRetries: 2 });
(async () => {
  await client.chat.completions.create({ model: 'gpt-4o-mini', max_tokens: 100, messages: [{ role: 'user', content: 'Say yes.' }] });
  console.log(JSON.stringify((await budget.status()).balances));
})();
`;

/** The endpoints reported for openai 4, which encodes forms before they can be read. */
const UNREADABLE_FORMS: Readonly<Record<string, readonly string[]>> = {
  '4': ['POST /audio/transcriptions', 'POST /batches'],
  '4-oldest': ['POST /audio/transcriptions'],
};

describe('every supported release of openai', { concurrency: 3 }, () => {
  for (const version of Object.keys(OPENAI_VERSIONS) as OpenaiVersion[]) {
    test(`${version} is charged for forms and deferred calls`, async (t) => {
      const api = await startApi(t, ({ method, path }) => {
        if (path === '/images/edits') return { created: 1, data: [{ b64_json: 'a' }], usage: IMAGE_USAGE };
        if (path === '/audio/transcriptions') return { text: 'hi', usage: { type: 'duration', seconds: 61 } };
        if (path === '/files') return { id: 'file-1', object: 'file' };
        const ended =
          method === 'GET'
            ? { status: 'completed', model: 'gpt-5.2', usage: USAGE }
            : { status: 'in_progress' };
        if (path.startsWith('/batches')) return { id: 'batch_1', object: 'batch', ...ended };
        return { id: 'resp_1', object: 'response', output: [], model: 'gpt-5.2', ...ended };
      });
      const app = makeAppDir(version);
      t.after(() => app.remove());
      app.write('app.cjs', APP);
      const { stdout, stderr } = await runNode({
        args: ['--require', registerPath, 'app.cjs'],
        cwd: app.path,
        env: { URL: api.url, TOKEN_BUDGET_USD: '20', OTEL_SDK_DISABLED: 'true' },
      });
      assert.ok(stdout.startsWith('{'), stderr);
      const { steps, unmetered } = JSON.parse(stdout) as {
        steps: Record<string, number[]>;
        unmetered: string[];
      };
      const expected: [string, number, number][] = [
        ['edit', 42_740_000, 0],
        ['transcription', 6_100_000, 0],
        ['batch', 0, 1],
        ['batch completed', 1_575_000, 0],
        ['background', 0, 1],
        ['background completed', 3_150_000, 0],
      ];
      let sum = 0;
      for (const [name, nanoUsd, open] of expected) {
        if (steps[name] === undefined) continue;
        sum += nanoUsd;
        assert.deepEqual(steps[name], [sum, open], name);
      }
      assert.ok(Object.keys(steps).length >= 2);
      assert.deepEqual(unmetered, UNREADABLE_FORMS[version] ?? []);
    });

    test(`${version} is charged for attempts that a gateway failed`, async (t) => {
      const api = await startApi(t, () => {
        if (api.requests.length < 3)
          return { text: '<html>Bad gateway</html>', type: 'text/html', status: 502 };
        const usage = { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110 };
        return { id: 'c1', object: 'chat.completion', model: 'gpt-4o-mini', choices: [], usage };
      });
      const app = makeAppDir(version);
      t.after(() => app.remove());
      app.write('app.cjs', RETRIES);
      const { stdout, stderr } = await runNode({
        args: ['--require', registerPath, 'app.cjs'],
        cwd: app.path,
        env: { URL: api.url, TOKEN_BUDGET_USD: '20', OTEL_SDK_DISABLED: 'true' },
      });
      assert.ok(stdout.startsWith('{'), stderr);
      const { settled, open } = JSON.parse(stdout) as { settled: Record<string, number>; open: number };
      const billed = 3 * (10 * 150 + 100 * 600);
      assert.deepEqual([api.requests.length, settled['calls'], open], [3, 3, 0]);
      const charged = settled['costNanoUsd'] ?? 0;
      assert.ok(charged >= billed && charged <= 1.5 * billed, `${charged} of ${billed}`);
    });
  }
});
