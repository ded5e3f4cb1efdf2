import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_FLUSH_TIMEOUT_MS, loadConfig } from '../../src/config/index.ts';
import { messageOf } from './helpers.ts';

describe('without settings', () => {
  it('15 minutes are observed, and nothing is denied', () => {
    const config = loadConfig({});
    assert.partialDeepStrictEqual(config, {
      budget: {
        name: 'default',
        limits: { costUsd: 0.625 },
        mode: 'observe',
        maxShare: 0.5,
        minOutputTokens: 16,
      },
      limitGiven: false,
      prices: {},
      unknownModel: 'family',
      failureBilling: {},
      includeUsage: 'auto',
      flushTimeoutMs: DEFAULT_FLUSH_TIMEOUT_MS,
      budgetStatus: 'off',
      captureContent: false,
      contentEvents: false,
      warnings: [],
    });
    assert.equal(DEFAULT_FLUSH_TIMEOUT_MS, 2_000);
  });

  it('an empty variable counts as not set', () => {
    const names = ['USD', 'TOKENS', 'CALLS', 'MINUTES', 'MODE', 'NAME', 'CONFIG'];
    const env = Object.fromEntries(names.map((name, n) => [`TOKEN_BUDGET_${name}`, n % 2 === 0 ? '' : '  ']));
    assert.deepEqual(loadConfig(env), loadConfig({}));
  });

  it('the configuration is frozen to the last part', () => {
    assertFrozen(loadConfig({}));
    assertFrozen(loadConfig({ TOKEN_BUDGET_USD: '5', TOKEN_BUDGET_BAD: 'x' }));
  });
});

function assertFrozen(value: unknown, path = 'config'): void {
  if (typeof value !== 'object' || value === null) return;
  assert.ok(Object.isFrozen(value), path);
  for (const [key, part] of Object.entries(value)) assertFrozen(part, `${path}.${key}`);
}

describe('a variable', () => {
  const good: readonly (readonly [string, string, string, number])[] = [
    ['TOKEN_BUDGET_USD', '5', 'costUsd', 5],
    ['TOKEN_BUDGET_USD', '0.25', 'costUsd', 0.25],
    ['TOKEN_BUDGET_USD', ' 10 ', 'costUsd', 10],
    ['TOKEN_BUDGET_USD', '0', 'costUsd', 0],
    ['TOKEN_BUDGET_USD', '9007199', 'costUsd', 9_007_199],
    ['TOKEN_BUDGET_TOKENS', '100000', 'tokens', 100_000],
    ['TOKEN_BUDGET_TOKENS', '007', 'tokens', 7],
    ['TOKEN_BUDGET_CALLS', '200', 'calls', 200],
    ['TOKEN_BUDGET_MINUTES', '15', 'minutes', 15],
    ['TOKEN_BUDGET_MINUTES', '0.5', 'minutes', 0.5],
    ['TOKEN_BUDGET_MINUTES', '5256000', 'minutes', 5_256_000],
  ];
  for (const [variable, text, limit, value] of good) {
    it(`${variable}=${text} is a limit, which is strict`, () => {
      const config = loadConfig({ [variable]: text });
      assert.deepEqual(config.budget.limits, { [limit]: value });
      assert.deepEqual([config.limitGiven, config.budget.mode], [true, 'strict']);
    });
  }

  it('may set several limits at once', () => {
    const env = {
      TOKEN_BUDGET_USD: '1',
      TOKEN_BUDGET_TOKENS: '2',
      TOKEN_BUDGET_CALLS: '3',
      TOKEN_BUDGET_MINUTES: '4',
    };
    assert.deepEqual(loadConfig(env).budget.limits, { costUsd: 1, tokens: 2, calls: 3, minutes: 4 });
  });

  for (const mode of ['observe', 'soft', 'strict'] as const) {
    it(`may set the mode to ${mode}, with a limit or without`, () => {
      assert.equal(loadConfig({ TOKEN_BUDGET_MODE: mode, TOKEN_BUDGET_USD: '1' }).budget.mode, mode);
      const without = loadConfig({ TOKEN_BUDGET_MODE: mode });
      assert.deepEqual([without.budget.mode, without.budget.limits], [mode, { costUsd: 0.625 }]);
    });
  }

  for (const name of ['nightly', 'team/agents:v1.2-x_y', 'a'.repeat(200)]) {
    it(`may name the budget ${name.slice(0, 30)}`, () => {
      assert.equal(loadConfig({ TOKEN_BUDGET_NAME: name }).budget.name, name);
    });
  }

  for (const [text, captures, inEvents = false] of [
    ['true', true],
    ['event_only', false, true],
    ['TRUE', true],
    ['span_only', true],
    ['SPAN_AND_EVENT', true, true],
    ['1', true],
    ['false', false],
    ['no_content', false],
    ['', false],
  ] as readonly (readonly [string, boolean, boolean?])[]) {
    it(`captures ${captures ? '' : 'no '}content with the opt-in "${text}"`, () => {
      const env = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: text };
      const { captureContent, contentEvents } = loadConfig(env);
      assert.deepEqual([captureContent, contentEvents], [captures, inEvents]);
    });
  }
});

describe('a bad value of a variable', () => {
  const bad: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'TOKEN_BUDGET_USD',
      ['five', '-1', '$5', '5 USD', '1e3', '1,5', '.5', '5.', '0x10', 'NaN', 'Infinity', '9007200', '5\n6'],
      /a number of USD from 0 to 9007199, such as 5 or 0\.25/,
    ],
    [
      'TOKEN_BUDGET_TOKENS',
      ['1.5', '-1', 'many', '100k', '99999999999999999'],
      /a whole number of tokens from 0/,
    ],
    ['TOKEN_BUDGET_CALLS', ['1.5', '-1', 'many', 'true'], /a whole number of calls from 0/],
    ['TOKEN_BUDGET_MINUTES', ['-1', '15m', '5256001'], /a number of minutes from 0 to 5256000/],
    ['TOKEN_BUDGET_MODE', ['Strict', 'off', 'strict,soft'], /observe, soft or strict/],
    ['TOKEN_BUDGET_NAME', ['a b', 'ü', 'a\nb', 'a'.repeat(201)], /a name of 1 to 200 letters, digits/],
  ];
  for (const [variable, texts, takes] of bad) {
    for (const text of texts) {
      it(`${variable}=${JSON.stringify(text).slice(0, 30)} is rejected in one line that says why`, () => {
        const message = messageOf(() => loadConfig({ [variable]: text }));
        assert.ok(message.startsWith(`${variable}: got `), message);
        assert.match(message, takes);
        assert.ok(!message.includes('\n') && message.length < 250, message);
        const start = JSON.stringify(text).slice(1, -1).slice(0, 10);
        const shown = Number.isFinite(Number(text)) ? String(Number(text)) : start;
        assert.ok(message.includes(shown) || message.includes(start), message);
      });
    }
  }

  it('is rejected even if others are good', () => {
    const env = { TOKEN_BUDGET_USD: '5', TOKEN_BUDGET_CALLS: 'x' };
    assert.match(
      messageOf(() => loadConfig(env)),
      /^TOKEN_BUDGET_CALLS: got "x", expected /,
    );
  });
});

describe('an unknown variable', () => {
  it('causes a warning line that names the known ones', () => {
    const env = { TOKEN_BUDGET_USB: '5', TOKEN_BUDGET_: '', TOKENBUDGET_USD: '5', OTHER: 'x' };
    const { warnings, limitGiven } = loadConfig(env);
    assert.equal(limitGiven, false);
    assert.deepEqual(
      warnings.map((line) => line.split(' ')[0]),
      ['TOKEN_BUDGET_USB', 'TOKEN_BUDGET_'],
    );
    assert.match(
      warnings[0] ?? '',
      /^TOKEN_BUDGET_USB is not a known variable \(did you mean TOKEN_BUDGET_USD\?\) and has no effect\. /,
    );
    assert.match(warnings[1] ?? '', /^TOKEN_BUDGET_ is not a known variable and has no effect\. /);
    for (const name of ['USD', 'TOKENS', 'CALLS', 'MINUTES', 'MODE', 'NAME', 'CONFIG']) {
      assert.match(warnings[0] ?? '', new RegExp(`TOKEN_BUDGET_${name}\\b`));
    }
  });
});
