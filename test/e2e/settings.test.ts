import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runScript } from '../support/script-run.ts';

const SCRIPT = `print('started');`;

describe('a setting that is wrong stops the start with one line', { concurrency: 2 }, () => {
  for (const [name, env, line] of [
    [
      'USD',
      { TOKEN_BUDGET_USD: 'five' },
      /^otel-token-budget: TOKEN_BUDGET_USD: got "five", expected a number of USD/,
    ],
    [
      'tokens',
      { TOKEN_BUDGET_TOKENS: '-1' },
      /^otel-token-budget: TOKEN_BUDGET_TOKENS: got "-1", expected a whole number/,
    ],
    [
      'calls',
      { TOKEN_BUDGET_CALLS: '1.5' },
      /^otel-token-budget: TOKEN_BUDGET_CALLS: got 1.5, expected a whole number/,
    ],
    [
      'minutes',
      { TOKEN_BUDGET_MINUTES: 'soon' },
      /^otel-token-budget: TOKEN_BUDGET_MINUTES: got "soon", expected/,
    ],
    [
      'mode',
      { TOKEN_BUDGET_MODE: 'hard' },
      /^otel-token-budget: TOKEN_BUDGET_MODE: got "hard", expected observe, soft or strict/,
    ],
    [
      'name',
      { TOKEN_BUDGET_NAME: 'a b' },
      /^otel-token-budget: TOKEN_BUDGET_NAME: got "a b", expected a name/,
    ],
    [
      'file',
      { TOKEN_BUDGET_CONFIG: '/no/such/file' },
      /^otel-token-budget: TOKEN_BUDGET_CONFIG: got "\/no\/such\/file", which cannot be read/,
    ],
  ] as const) {
    test(name, async () => {
      const { code, stdout, stderr } = await runScript({ script: SCRIPT, env });
      assert.equal(code, 78);
      assert.equal(stdout, '');
      assert.match(stderr, line);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    });
  }

  test('a field of the file', async () => {
    const { code, stderr } = await runScript({ script: SCRIPT, config: { limits: { costUsd: '5' } } });
    assert.equal(code, 78);
    assert.match(stderr, /budget\.json: limits\.costUsd: got "5", expected a number of USD/);
  });
});

test('without a limit one line says what is watched and how to set one', async () => {
  const { stderr, printed } = await runScript({ script: `print(await budget().status());` });
  assert.equal(stderr.trimEnd().split('\n').length, 1);
  assert.match(stderr, /no limit is set.*\$0\.625.*TOKEN_BUDGET_USD/);
  const { mode, limits } = printed[0] as { mode: string; limits: object };
  assert.deepEqual([mode, limits], ['observe', { costUsd: 0.625 }]);
});

test('with a limit nothing is said', async () => {
  const { stderr } = await runScript({ script: SCRIPT, env: { TOKEN_BUDGET_USD: '5' } });
  assert.equal(stderr, '');
});

test('a misspelt variable is told', async () => {
  const { stderr, code } = await runScript({
    script: SCRIPT,
    env: { TOKEN_BUDGET_USD: '5', TOKEN_BUDGET_DOLLARS: '3' },
  });
  assert.equal(code, 0);
  assert.match(stderr, /TOKEN_BUDGET_DOLLARS is not a known variable and has no effect/);
});
