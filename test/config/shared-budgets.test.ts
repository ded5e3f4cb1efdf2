import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LEASE_MS } from '../../src/budget/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { FILE, loadSettings, loadText, messageOf } from './helpers.ts';

describe('the settings of stores, waiting and baggage', () => {
  it('have defaults', () => {
    assert.partialDeepStrictEqual(loadConfig({}), {
      store: 'memory',
      failurePolicy: undefined,
      storeWaitMs: 10_000,
      waitMs: 0,
      leaseMs: LEASE_MS,
      sendBaggage: false,
      acceptBaggage: [],
    });
    assert.equal(loadConfig({}).budget.window, undefined);
    assert.equal(loadConfig({}).budget.parent, undefined);
  });

  const good: readonly (readonly [string, readonly unknown[]])[] = [
    ['store', ['memory', 'sqlite:/a/b.db', 'sqlite:b', 'redis://localhost:6379', 'rediss://u:p@h:1/2']],
    ['failurePolicy', ['open', 'closed']],
    ['storeWaitMs', [1, 250, 600_000]],
    ['waitMs', [0, 5_000, 3_600_000]],
    ['leaseMs', [100, 60_000, 3_600_000]],
    ['sendBaggage', [true, false]],
    ['acceptBaggage', [[], ['team'], ['a', 'b/c:d']]],
  ];
  for (const [setting, values] of good) {
    for (const value of values) {
      it(`accept ${setting} ${JSON.stringify(value)}`, () => {
        assert.deepEqual(Reflect.get(loadSettings({ [setting]: value }), setting), value);
      });
    }
  }

  const bad: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    [
      'store',
      ['', 'sqlite', 'sqlite:', 'redis:', 'redis://', 'http://h', 'Memory', ' memory', 5, null, {}],
      /expected memory, sqlite:PATH, or the URL of a Redis such as redis:\/\/localhost:6379\./,
    ],
    ['failurePolicy', ['Open', '', true, null], /expected open or closed\./],
    ['storeWaitMs', [0, -1, 1.5, 600_001, '250', null], /milliseconds from 1 to 600000, such as 10000\./],
    ['waitMs', [-1, 0.5, 3_600_001, '5', null], /milliseconds from 0 to 3600000, such as 5000\./],
    ['leaseMs', [0, 99, 100.5, 3_600_001, '60'], /milliseconds from 100 to 3600000, such as 60000\./],
    ['sendBaggage', ['true', 1, null], /expected true or false\./],
    ['acceptBaggage', ['team', {}, null, true], /expected a list of names of budgets\./],
  ];
  for (const [setting, values, takes] of bad) {
    for (const value of values) {
      it(`reject ${setting} ${JSON.stringify(value)}`, () => {
        const message = messageOf(() => loadSettings({ [setting]: value }));
        assert.ok(message.startsWith(`${FILE}: ${setting}: got ${JSON.stringify(value)}, `), message);
        assert.match(message, takes);
      });
    }
  }

  it('describe a name in acceptBaggage', () => {
    for (const value of [5, 'a b', '', null]) {
      const message = messageOf(() => loadSettings({ acceptBaggage: ['team', value] }));
      assert.ok(message.startsWith(`${FILE}: acceptBaggage.1: got ${JSON.stringify(value)}, `), message);
      assert.match(message, /expected .*names?/);
    }
  });
});

describe('TOKEN_BUDGET_STORE', () => {
  it('overrides the store of the file', () => {
    assert.equal(loadConfig({ TOKEN_BUDGET_STORE: ' redis://h:1 ' }).store, 'redis://h:1');
    assert.equal(
      loadSettings({ store: 'redis://h:1' }, { TOKEN_BUDGET_STORE: 'sqlite:a.db' }).store,
      'sqlite:a.db',
    );
    assert.equal(loadSettings({ store: 'redis://h:1' }, { TOKEN_BUDGET_STORE: '' }).store, 'redis://h:1');
    assert.deepEqual(loadConfig({ TOKEN_BUDGET_STORE: 'memory' }), loadConfig({}));
    assert.deepEqual(loadConfig({ TOKEN_BUDGET_STORE: 'memory' }).warnings, []);
  });

  for (const text of ['redis', 'sqlite:', 'file:a', 'memory,redis://h']) {
    it(`is not ${text}`, () => {
      const message = messageOf(() => loadConfig({ TOKEN_BUDGET_STORE: text }));
      assert.ok(
        message.startsWith(`TOKEN_BUDGET_STORE: got "${text}", expected memory, sqlite:PATH`),
        message,
      );
    });
  }
});

describe('a window', () => {
  for (const per of ['hour', 'day', 'month'] as const) {
    it(`of each ${per} is in UTC if no time zone is set`, () => {
      assert.deepEqual(loadSettings({ window: { per } }).budget.window, { per, timeZone: 'UTC' });
      const window = { per, timeZone: 'Europe/Berlin' };
      assert.deepEqual(loadSettings({ window }).budget.window, window);
    });
  }

  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['window', 'day', /got "day", expected an object with per \(hour, day or month\) and timeZone\./],
    ['window', [], /got \[\], expected an object with per/],
    ['window.per', {}, /got nothing, expected hour, day or month\./],
    ['window.per', { per: 'week' }, /got "week", expected hour, day or month\./],
    ['window.timeZone', { per: 'day', timeZone: 'Berlin' }, /got "Berlin", expected an IANA time zone/],
    ['window.timeZone', { per: 'day', timeZone: '' }, /got "", expected an IANA time zone/],
    ['window.timeZone', { per: 'day', timeZone: 1 }, /got 1, expected an IANA time zone/],
  ];
  for (const [setting, window, takes] of bad) {
    it(`${JSON.stringify(window)} is rejected`, () => {
      const message = messageOf(() => loadSettings({ window }));
      assert.ok(message.startsWith(`${FILE}: ${setting}: `), message);
      assert.match(message, takes);
    });
  }

  it('has no other settings', () => {
    assert.match(
      messageOf(() => loadSettings({ window: { per: 'day', zone: 'UTC' } })),
      /window: unknown setting "zone"\. Known settings: per, timeZone\./,
    );
  });
});

/** Settings of a chain of budgets of those names above the process's own. */
function parents(...names: string[]): object {
  let settings: object = {};
  for (const name of names.reverse()) settings = { parent: { name, ...settings } };
  return settings;
}

describe('a parent', () => {
  it('is a budget of its own, with a parent of its own', () => {
    const org = { name: 'org', limits: { costUsd: 100 }, window: { per: 'month' } };
    const team = {
      name: 'team',
      mode: 'soft',
      limits: { calls: 9 },
      maxShare: 0.1,
      minOutputTokens: 5,
      parent: org,
    };
    const { budget } = loadSettings({ name: 'job', limits: { tokens: 7 }, parent: team });
    assert.deepEqual(budget, {
      name: 'job',
      limits: { tokens: 7 },
      mode: 'strict',
      maxShare: 0.5,
      minOutputTokens: 16,
      parent: {
        ...team,
        parent: {
          ...org,
          mode: 'strict',
          maxShare: 0.5,
          minOutputTokens: 16,
          window: { per: 'month', timeZone: 'UTC' },
        },
      },
    });
    for (const one of [budget.parent, budget.parent?.parent, budget.parent?.parent?.window]) {
      assert.ok(one !== undefined && Object.isFrozen(one));
    }
  });

  it('requires only a name, and is not set by variables', () => {
    const { budget, limitGiven } = loadSettings({ parent: { name: 'team' } }, { TOKEN_BUDGET_MODE: 'soft' });
    assert.partialDeepStrictEqual(budget.parent, { name: 'team', limits: {}, mode: 'strict' });
    assert.deepEqual([budget.mode, limitGiven], ['soft', false]);
  });

  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['parent', 'team', /got "team", expected an object with the name and the limits of a budget\./],
    ['parent', [], /got \[\], expected an object with the name/],
    ['parent', null, /got null, expected an object with the name/],
    ['parent.name', {}, /got nothing, expected a name of 1 to 200/],
    ['parent.name', { name: 'a b' }, /got "a b", expected a name/],
    ['parent.mode', { name: 'a', mode: 'x' }, /got "x", expected observe, soft or strict\./],
    [
      'parent.limits.tokens',
      { name: 'a', limits: { tokens: -1 } },
      /got -1, expected a whole number of tokens/,
    ],
    ['parent.window.per', { name: 'a', window: {} }, /got nothing, expected hour, day or month\./],
    ['parent.maxShare', { name: 'a', maxShare: 0 }, /got 0, expected a number above 0/],
    ['parent.parent.name', { name: 'a', parent: { name: '' } }, /got "", expected a name/],
    [
      'parent.parent.limits',
      { name: 'a', parent: { name: 'b', limits: 5 } },
      /got 5, expected an object with costUsd/,
    ],
  ];
  for (const [setting, parent, takes] of bad) {
    it(`${JSON.stringify(parent)} is rejected`, () => {
      const message = messageOf(() => loadSettings({ parent }));
      assert.ok(message.startsWith(`${FILE}: ${setting}: `), message);
      assert.match(message, takes);
    });
  }

  it('has only the settings of a budget', () => {
    for (const setting of ['store', 'prices', 'waitMs', 'extra']) {
      assert.match(
        messageOf(() => loadSettings({ parent: { name: 'a', parent: { name: 'b', [setting]: 1 } } })),
        new RegExp(
          `: parent\\.parent: unknown setting "${setting}"\\. Known settings: name, mode, .*, parent\\.$`,
        ),
      );
    }
  });
});

describe('a chain of budgets', () => {
  const seven = ['b', 'c', 'd', 'e', 'f', 'g', 'h'];

  it('has at most eight', () => {
    assert.equal(loadSettings({ name: 'a', ...parents(...seven) }).budget.parent?.name, 'b');
    const message = messageOf(() => loadSettings({ name: 'a', ...parents(...seven, 'i') }));
    assert.equal(message, `${FILE}: parent: a chain has at most 8 budgets.`);
    messageOf(() =>
      loadSettings({ name: 'a', ...parents(...Array.from({ length: 500 }, (_, n) => `n${n}`)) }),
    );
  });

  it('has no name twice', () => {
    for (const [name, ...above] of [
      ['a', 'a'],
      ['a', 'b', 'a'],
      ['a', 'b', 'c', 'b'],
    ]) {
      const message = messageOf(() => loadSettings({ name, ...parents(...above) }));
      assert.match(message, /: parent: the budget "[ab]" occurs twice in the chain of "a"\.$/);
    }
    assert.match(
      messageOf(() => loadSettings(parents('default'))),
      /"default" occurs twice/,
    );
  });

  it('has no name twice through a variable', () => {
    const message = messageOf(() => loadSettings(parents('team'), { TOKEN_BUDGET_NAME: 'team' }));
    assert.match(message, /the budget "team" occurs twice/);
  });

  it('may not be thousands long', () => {
    let text = '{"name":"last"}';
    for (let n = 0; n < 8_000; n += 1) text = `{"name":"n${n}","parent":${text}}`;
    messageOf(() => loadText(text));
  });
});

describe('a too large whole number', () => {
  it('for minOutputTokens is a ConfigError', () => {
    for (const minOutputTokens of [2 ** 53, 1e300]) {
      for (const settings of [{ minOutputTokens }, { parent: { name: 'a', minOutputTokens } }]) {
        assert.match(
          messageOf(() => loadSettings(settings)),
          /minOutputTokens: got .*, expected a whole number of tokens from 1/,
        );
      }
    }
  });
});
