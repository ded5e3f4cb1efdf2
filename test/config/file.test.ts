import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { FILE, loadSettings, loadText, messageOf } from './helpers.ts';

const SETTINGS = {
  name: 'from-file',
  mode: 'soft',
  limits: { costUsd: 3, tokens: 1_000, calls: 5, minutes: 30 },
  maxShare: 0.25,
  minOutputTokens: 64,
  prices: { 'gpt-5.2': { input: 1, output: 2, cachedInput: 0.5 }, 'my.model/v1': { input: 0, output: 0 } },
  unknownModel: { input: 10, output: 20 },
  failureBilling: { 502: 'estimate', 429: 'nothing' },
  includeUsage: 'never',
  flushTimeoutMs: 500,
};

describe('a settings file', () => {
  it('sets everything', () => {
    assert.partialDeepStrictEqual(loadSettings(SETTINGS), {
      budget: {
        name: 'from-file',
        mode: 'soft',
        limits: SETTINGS.limits,
        maxShare: 0.25,
        minOutputTokens: 64,
      },
      limitGiven: true,
      prices: SETTINGS.prices,
      unknownModel: SETTINGS.unknownModel,
      failureBilling: SETTINGS.failureBilling,
      includeUsage: 'never',
      flushTimeoutMs: 500,
      budgetStatus: 'off',
      captureContent: false,
      contentEvents: false,
      warnings: [],
    });
  });

  it('may begin with a byte order mark', () => {
    assert.equal(loadText('\uFEFF{"name":"marked"}').budget.name, 'marked');
    messageOf(() => loadText('\uFEFF\uFEFF{}'));
  });

  it('may be empty of settings', () => {
    assert.deepEqual(loadSettings({}), loadConfig({}));
    assert.deepEqual(loadSettings({ limits: {} }), loadConfig({}));
  });

  it('is overridden by the environment, limit by limit', () => {
    const config = loadSettings(SETTINGS, {
      TOKEN_BUDGET_USD: '9',
      TOKEN_BUDGET_CALLS: '0',
      TOKEN_BUDGET_MODE: 'strict',
      TOKEN_BUDGET_NAME: 'from-env',
    });
    assert.deepEqual(config.budget.limits, { costUsd: 9, tokens: 1_000, calls: 0, minutes: 30 });
    assert.deepEqual([config.budget.mode, config.budget.name], ['strict', 'from-env']);
    assert.equal(config.budget.maxShare, 0.25);
  });

  it('is not overridden by empty variables', () => {
    const config = loadSettings(SETTINGS, { TOKEN_BUDGET_USD: '', TOKEN_BUDGET_NAME: ' ' });
    assert.equal(config.budget.name, 'from-file');
    assert.equal(config.budget.limits.costUsd, 3);
  });

  it('is frozen with the rest', () => {
    const { prices, unknownModel, budget } = loadSettings(SETTINGS);
    for (const part of [prices, prices['gpt-5.2'], unknownModel, budget.limits])
      assert.ok(Object.isFrozen(part));
  });

  for (const unknownModel of ['family', 'error', 'zero'] as const) {
    it(`accepts the policy ${unknownModel}`, () => {
      assert.equal(loadSettings({ unknownModel }).unknownModel, unknownModel);
    });
  }
});

describe('a wrong settings file', () => {
  const bad: readonly (readonly [setting: string, settings: unknown, takes: RegExp])[] = [
    ['', [], /got \[\], expected an object of settings/],
    ['', null, /got null, expected an object/],
    ['', 'x', /got "x", expected an object/],
    ['limits', { limits: [] }, /got \[\], expected an object with costUsd/],
    ['limits', { limits: 5 }, /got 5,/],
    ['limits.costUsd', { limits: { costUsd: '5' } }, /got "5", expected a number of USD/],
    ['limits.costUsd', { limits: { costUsd: null } }, /got null,/],
    ['limits.costUsd', { limits: { costUsd: -1 } }, /got -1,/],
    ['limits.tokens', { limits: { tokens: 1.5 } }, /got 1\.5, expected a whole number of tokens/],
    ['limits.calls', { limits: { calls: true } }, /got true, expected a whole number of calls/],
    ['limits.minutes', { limits: { minutes: {} } }, /got \{\}, expected a number of minutes/],
    ['name', { name: '' }, /got "", expected a name/],
    ['mode', { mode: 'hard' }, /got "hard", expected observe, soft or strict/],
    ['maxShare', { maxShare: 0 }, /got 0, expected a number above 0 and at most 1/],
    ['maxShare', { maxShare: 1.1 }, /got 1\.1,/],
    ['minOutputTokens', { minOutputTokens: 0 }, /got 0, expected a whole number of tokens from 1/],
    ['failureBilling', { failureBilling: [] }, /got \[\], expected an object of statuses from 400 to 599/],
    ['failureBilling.502', { failureBilling: { 502: 'free' } }, /got "free", expected an object of statuses/],
    [
      'failureBilling.200',
      { failureBilling: { 200: 'nothing' } },
      /got "200", expected an object of statuses/,
    ],
    ['includeUsage', { includeUsage: true }, /got true, expected auto, always or never/],
    ['flushTimeoutMs', { flushTimeoutMs: 60_001 }, /got 60001, expected a whole number of milliseconds/],
    ['unknownModel', { unknownModel: 'free' }, /got "free", expected family, error, zero, or an object/],
    ['unknownModel', { unknownModel: { input: 1 } }, /expected family, error, zero, or an object/],
    ['prices', { prices: 5 }, /got 5, expected an object of model names/],
    ['prices.m', { prices: { m: 3 } }, /got 3, expected an object with input and output/],
    [
      'prices.m.input',
      { prices: { m: { input: -1, output: 1 } } },
      /got -1, expected a number of USD per million/,
    ],
    ['prices.m.output', { prices: { m: { input: 1 } } }, /got nothing, expected a number of USD per million/],
  ];
  for (const [setting, settings, takes] of bad) {
    it(`${JSON.stringify(settings)} is rejected in one line`, () => {
      const message = messageOf(() => loadSettings(settings));
      assert.ok(message.startsWith(setting === '' ? `${FILE}: ` : `${FILE}: ${setting}: `), message);
      assert.match(message, takes);
      assert.ok(!message.includes('\n'));
    });
  }

  for (const [group, settings, message] of [
    [
      '',
      { limit: {} },
      'unknown setting "limit" (did you mean "limits"?). Known settings: name, mode, limits, ',
    ],
    ['', { budget: {} }, 'unknown setting "budget". Known settings: name, mode, limits, '],
    [
      'limits: ',
      { limits: { usd: 5 } },
      'unknown setting "usd". Known settings: costUsd, tokens, calls, minutes.',
    ],
    ['limits: ', { limits: { costUSD: 5 } }, 'unknown setting "costUSD" (did you mean "costUsd"?). Known '],
    [
      'prices.m: ',
      { prices: { m: { input: 1, output: 1, cachedInputs: 1 } } },
      'unknown setting "cachedInputs" (did you mean "cachedInput"?). Known settings: input, output, cachedInput, ',
    ],
    [
      'prices.limits: ',
      { prices: { limits: { input: 1, output: 1, in: 1 } } },
      'unknown setting "in". Known settings: input, output, cachedInput, ',
    ],
  ] as const) {
    it(`${JSON.stringify(settings)} has an unknown setting`, () => {
      const actual = messageOf(() => loadSettings(settings));
      assert.ok(actual.startsWith(`${FILE}: ${group}${message}`), actual);
      assert.ok(actual.endsWith('.') && !actual.includes('\n'), actual);
    });
  }

  it('prices as a list are rejected', () => {
    for (const prices of [[], [{ input: 1, output: 1 }]]) {
      assert.match(
        messageOf(() => loadSettings({ prices })),
        /prices: got \[.*, expected an object of model names/,
      );
    }
  });

  it('a long value is shortened', () => {
    const message = messageOf(() => loadSettings({ mode: 'x'.repeat(5_000) }));
    assert.ok(message.length < 250, message);
  });

  for (const text of ['', '{', 'name: x', '{"name":"a",}', 'undefined', '<html>\n</html>']) {
    it(`${JSON.stringify(text)} is not JSON`, () => {
      const message = messageOf(() => loadText(text));
      assert.match(
        message,
        /^TOKEN_BUDGET_CONFIG: got ".*", which is not JSON \(.*\), expected the path of a JSON file\.$/,
      );
    });
  }

  it('cannot be read', () => {
    const missing = join(tmpdir(), 'no-such-file.json');
    for (const [path, code] of [
      [missing, 'ENOENT'],
      [tmpdir(), 'EISDIR'],
    ] as const) {
      const message = messageOf(() => loadConfig({ TOKEN_BUDGET_CONFIG: path }));
      assert.equal(
        message,
        `TOKEN_BUDGET_CONFIG: got "${path}", which cannot be read (${code}), expected the path of a JSON file.`,
      );
    }
  });

  it('is reported in one line whatever its path and keys', () => {
    for (const text of ['a\nb', 'a\r\nb', 'a\u2028b', 'a\u2029b']) {
      for (const load of [
        () => loadConfig({ TOKEN_BUDGET_CONFIG: `/${text}` }),
        () => loadSettings({ [text]: 1 }),
        () => loadSettings({ prices: { [text]: 1 } }),
        () => loadSettings({ name: text }),
        () => loadSettings({ parent: { name: 'p', [text]: 1 } }),
      ]) {
        assert.doesNotMatch(messageOf(load), /[\r\n\u2028\u2029]/);
      }
    }
  });
});
