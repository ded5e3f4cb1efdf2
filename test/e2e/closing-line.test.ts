import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registerPath } from '../support/paths.ts';
import { runScript } from '../support/script-run.ts';

const TWO_CALLS = `
await client.chat.completions.create(CHAT, replay('chat-plain'));
await client.chat.completions.create(CHAT, replay('chat-plain')).catch(() => {});
`;

describe('the last line of a process', { concurrency: 2 }, () => {
  test('says what its calls cost and what is left, where it is asked for', async () => {
    const { stderr } = await runScript({
      script: `const { defineBudget, MemoryStore, TokenBudgetTracker, withBudget } = await import(process.env.PACKAGE);
        const tracker = new TokenBudgetTracker(defineBudget({ name: 'mine', limits: {} }), { store: new MemoryStore() });
        await withBudget(tracker, async () => { ${TWO_CALLS} });`,
      config: { window: { per: 'day' } },
      env: { TOKEN_BUDGET_CALLS: '1', TOKEN_BUDGET_USD: '5', TOKEN_BUDGET_SUMMARY: '1' },
    });
    assert.match(
      stderr,
      /^otel-token-budget: "default": 1 call for \$0\.0\d+, 1 denied; left \$[\d.]+ of \$5\.00, 0 of 1 calls; resets in [\w ]+\n$/,
    );
  });

  test('is on a terminal alone, unless it is asked for', async () => {
    const { stderr } = await runScript({ script: TWO_CALLS, env: { TOKEN_BUDGET_CALLS: '1' } });
    assert.equal(stderr, '');
  });

  test('says that a limit is set and no client was seen', async () => {
    const { stderr } = await runScript({
      script: '',
      openaiLate: true,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.match(
      stderr,
      /^otel-token-budget: a limit is set, and no client of a model was seen in this process, .*\n$/,
    );
  });

  test('is not there without a limit of its own, in a program that fails, or under NODE_OPTIONS', async () => {
    const without = await runScript({ script: '', openaiLate: true, env: { TOKEN_BUDGET_MODE: 'observe' } });
    assert.doesNotMatch(without.stderr, /no client/);
    const failing = await runScript({
      script: 'process.exit(3);',
      openaiLate: true,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.equal(failing.stderr, '');
    const { stderr } = await runScript({
      script: '',
      openaiLate: true,
      args: [],
      env: { TOKEN_BUDGET_USD: '5', NODE_OPTIONS: `--import=${registerPath}` },
    });
    assert.equal(stderr, '');
  });

  test('says what is wrong with the setting', async () => {
    const { stderr, code } = await runScript({ script: '', env: { TOKEN_BUDGET_SUMMARY: 'loud' } });
    assert.equal(code, 78);
    assert.match(stderr, /TOKEN_BUDGET_SUMMARY: got "loud", expected true or false; the variable: 1 or 0/);
  });
});
