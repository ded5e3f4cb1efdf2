import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAppDir } from '../support/app-dir.ts';
import { startApi } from '../support/budgeted-client.ts';
import { registerPath, runNode, startNode } from '../support/run-node.ts';

const USAGE = { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 };
const LEASE_MS = 60_000;

const APP = `
const OpenAI = require('openai');
const client = new OpenAI({ apiKey: 'x', baseURL: process.env.URL, maxRetries: 0 });
const budget = globalThis[Symbol.for('otel-token-budget.preloaded')].tracker;
const report = async () => {
  const { settled, reserved, open } = (await budget.status()).balances;
  console.log(JSON.stringify({ settled: settled.costNanoUsd, reserved: reserved.costNanoUsd, open }));
};
`;
const STARTS = `${APP}
(async () => {
  await client.responses.create({ model: 'gpt-5.2', input: 'Go on.', background: true, max_output_tokens: 500 });
  await report();
  setInterval(() => {}, 1_000);
})();`;
/** Longer than the lease of a call: a reservation that was not transferred is charged by then. */
const LATER = `const { now } = Date; Date.now = () => now() + ${2 * LEASE_MS};`;
const SETTLES = `${APP}
(async () => {
  await report();
  await client.responses.retrieve('resp_1');
  for (let n = 0; n < 200 && (await budget.status()).balances.open > 0; n += 1) await new Promise((done) => setTimeout(done, 25));
  await report();
})();`;

test('a deferred call outlives a killed process, and is settled by the next', async (t) => {
  const api = await startApi(t, ({ method }) => ({
    id: 'resp_1',
    object: 'response',
    output: [],
    model: 'gpt-5.2',
    ...(method === 'POST' ? { status: 'queued' } : { status: 'completed', usage: USAGE }),
  }));
  const app = makeAppDir();
  t.after(() => app.remove());
  app.write('starts.cjs', STARTS);
  app.write('later.cjs', LATER);
  app.write('settles.cjs', SETTLES);
  const settings = { limits: { costUsd: 5 }, store: 'sqlite:./ledger.db', leaseMs: LEASE_MS };
  const env = {
    URL: api.url,
    OTEL_SDK_DISABLED: 'true',
    TOKEN_BUDGET_CONFIG: app.write('budget.json', JSON.stringify(settings)),
  };
  const starts = startNode({ args: ['--require', registerPath, 'starts.cjs'], cwd: app.path, env });
  await starts.waitForOutput(/\n/);
  starts.child.kill('SIGKILL');
  assert.equal((await starts.result).signal, 'SIGKILL');
  const held = JSON.parse(starts.stdout()) as { settled: number; reserved: number; open: number };
  assert.deepEqual([held.settled, held.open], [0, 1]);

  const settles = await runNode({
    args: ['--require', './later.cjs', '--require', registerPath, 'settles.cjs'],
    cwd: app.path,
    env,
  });
  const [before, after] = settles.stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  assert.deepEqual(before, held, settles.stderr);
  assert.deepEqual(after, { settled: 3_150_000, reserved: 0, open: 0 });
});
