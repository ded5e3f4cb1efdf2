import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE, NODE_22, REPO_ROOT, registerPath, runNode } from '../support/run-node.ts';

/** A call that is answered within the process, and what the ledger has of it. */
const CODE = `
const answer = { id: 'x', model: 'gpt-4o-mini', choices: [], usage: { prompt_tokens: 12, completion_tokens: 2 } };
const fetch = async () => new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } });
import('openai').then(async ({ default: OpenAI }) => {
  await new OpenAI({ apiKey: 'x', fetch }).chat.completions.create({ model: 'gpt-4o-mini', messages: [] });
  const { getPreloaded } = await import('otel-token-budget');
  console.log((await getPreloaded().tracker.status()).balances.settled.tokens);
});`;

for (const node of [NODE_22, NODE]) {
  for (const type of ['commonjs', 'module']) {
    for (const flag of ['--require', '--import']) {
      const name = `code on the command line is counted: ${node === NODE_22 ? 'Node 22' : "the package's Node"}, ${flag}, ${type}`;
      test(name, async () => {
        const { stdout, stderr } = await runNode({
          node,
          args: [flag, registerPath, `--input-type=${type}`, '-e', CODE],
          cwd: REPO_ROOT,
          env: { TOKEN_BUDGET_USD: '1', OTEL_SDK_DISABLED: 'true' },
        });
        assert.deepEqual([stdout, stderr], ['14\n', '']);
      });
    }
  }
}
