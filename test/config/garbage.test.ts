import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chainOf } from '../../src/budget/index.ts';
import { type Config, ConfigError } from '../../src/config/index.ts';
import { loadText } from './helpers.ts';

const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    0.5,
    1,
    16,
    1e300,
    '',
    'strict',
    'family',
    'error',
    'x',
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
/** Mostly accepted values, so that a whole file often is. */
function mostly(...good: unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: leaf });
}

const limits = fc.record(
  { costUsd: mostly(0, 0.5, 3), tokens: mostly(0, 99), calls: mostly(0, 1), minutes: mostly(0, 0.5, 60) },
  { requiredKeys: [] },
);
const price = fc.record(
  { input: mostly(0, 1.75), output: mostly(0, 14), cachedInput: mostly(0.175) },
  { requiredKeys: ['input', 'output'] },
);
const window = fc.record(
  { per: mostly('hour', 'day', 'month'), timeZone: mostly('UTC', 'Europe/Berlin') },
  { requiredKeys: ['per'] },
);
const { budget: parent } = fc.letrec((tie) => ({
  budget: fc.record(
    {
      name: mostly('b', 'c', 'd', 'e'),
      mode: mostly('observe', 'soft', 'strict'),
      limits: fc.oneof({ weight: 40, arbitrary: limits }, leaf),
      window: fc.oneof({ weight: 40, arbitrary: window }, leaf),
      parent: fc.oneof({ depthSize: 'small', maxDepth: 3 }, tie('budget'), leaf),
    },
    { requiredKeys: ['name'] },
  ),
}));
const settings = fc.record(
  {
    name: mostly('a', 'team/x'),
    mode: mostly('observe', 'soft', 'strict'),
    limits: fc.oneof({ weight: 40, arbitrary: limits }, leaf),
    maxShare: mostly(0.5, 1),
    minOutputTokens: mostly(1, 16),
    prices: fc.oneof(
      { weight: 40, arbitrary: fc.dictionary(fc.string({ maxLength: 9 }), price, { maxKeys: 3 }) },
      leaf,
    ),
    unknownModel: fc.oneof(
      { weight: 40, arbitrary: fc.oneof(price, mostly('family', 'error', 'zero')) },
      leaf,
    ),
    includeUsage: mostly('auto', 'never', 'always'),
    flushTimeoutMs: mostly(0, 2_000),
    window: fc.oneof({ weight: 40, arbitrary: window }, leaf),
    parent: fc.oneof({ weight: 40, arbitrary: parent }, leaf),
    store: mostly('memory', 'sqlite:a.db', 'redis://h'),
    failurePolicy: mostly('open', 'closed'),
    storeWaitMs: mostly(1, 250),
    waitMs: mostly(0, 5_000),
    leaseMs: mostly(100, 60_000),
    sendBaggage: mostly(true, false),
    acceptBaggage: mostly([], ['a', 'b']),
  },
  { requiredKeys: [] },
);

/** Checks the properties that the rest of the program relies on. */
function assertSound(config: Config): void {
  const { budget, prices, unknownModel, includeUsage, flushTimeoutMs } = config;
  const names = chainOf(budget).map(({ name }) => name);
  assert.ok(names.length <= 8 && new Set(names).size === names.length);
  assert.match(config.store, /^(memory|sqlite:.+|rediss?:\/\/.+)$/);
  assert.ok(config.storeWaitMs >= 1 && config.waitMs >= 0 && config.leaseMs >= 100);
  assert.ok(['open', 'closed', undefined].includes(config.failurePolicy));
  for (const name of config.acceptBaggage) assert.equal(typeof name, 'string');
  assert.ok(['observe', 'soft', 'strict'].includes(budget.mode));
  assert.match(budget.name, /^[\w.:/-]+$/);
  assert.ok(budget.maxShare > 0 && budget.maxShare <= 1);
  assert.ok(Number.isInteger(budget.minOutputTokens) && budget.minOutputTokens >= 1);
  const given = Object.values(budget.limits).filter((limit) => limit !== undefined);
  assert.ok(given.length > 0 && given.every((limit) => Number.isFinite(limit) && limit >= 0));
  const policy = typeof unknownModel === 'object' ? [unknownModel] : [];
  for (const one of [...Object.values(prices), ...policy]) {
    for (const usd of Object.values(one)) assert.ok(typeof usd === 'number' && usd >= 0 && usd <= 1e6);
  }
  assert.ok(['auto', 'always', 'never'].includes(includeUsage));
  assert.ok(Number.isInteger(flushTimeoutMs) && flushTimeoutMs >= 0);
}

/** Returns true if the text was accepted. Anything but a Config or a ConfigError fails. */
function isAccepted(text: string): boolean {
  let config: Config;
  try {
    config = loadText(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${error}`);
    assert.ok(error.message.length < 800, error.message);
    return false;
  }
  assertSound(config);
  return true;
}

describe('a settings file', () => {
  it('of JSON settings gives a configuration or a ConfigError', () => {
    let accepted = 0;
    fc.assert(
      fc.property(settings, (value) => {
        if (isAccepted(JSON.stringify(value))) accepted += 1;
      }),
      { numRuns: 1000 },
    );
    assert.ok(accepted > 100 && accepted < 900, `${accepted} of 1000 were accepted`);
  });

  it('of any JSON gives a configuration or a ConfigError', () => {
    fc.assert(
      fc.property(fc.json(), (text) => void isAccepted(text)),
      { numRuns: 300 },
    );
  });

  it('of any text gives a configuration or a ConfigError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void isAccepted(text)),
      { numRuns: 300 },
    );
  });
});
