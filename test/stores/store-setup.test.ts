import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { defineBudget, StoreSetupError, TokenBudgetTracker } from '../../src/budget/index.ts';
import { openStore, type StoreSettings } from '../../src/stores/index.ts';
import { reserveOf } from '../budget/helpers.ts';
import { REDIS_MISSING, startRedisServer } from '../support/redis-server.ts';

describe('code that opens a store whose set-up is wrong', () => {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-setup-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** Each call rejects with the same error, whatever the failure policy, and the process goes on. */
  async function assertDenied(settings: StoreSettings, expected: RegExp): Promise<void> {
    for (const failurePolicy of ['open', 'closed'] as const) {
      const reported: StoreSetupError[] = [];
      const store = openStore({
        stateDirectory: join(directory, 'state'),
        ...settings,
        failurePolicy,
        onSetupError: (error) => reported.push(error),
      });
      const tracker = new TokenBudgetTracker(defineBudget({ name: 'job', limits: { tokens: 100 } }), {
        store,
      });
      for (let call = 0; call < 2; call += 1) {
        await assert.rejects(
          async () => tracker.reserve(reserveOf({ outputCap: 5 })),
          (error) => {
            assert.ok(error instanceof StoreSetupError, String(error));
            assert.equal(error.code, 'token_budget_store_setup');
            assert.match(error.expected, expected);
            assert.doesNotMatch(error.message, /secret/);
            return true;
          },
        );
      }
      assert.equal(reported.length, 1);
      await store.close();
    }
  }

  it('in a directory that does not exist', async () => {
    await assertDenied(
      { store: `sqlite:${join(directory, 'none', 'x.db')}` },
      /^a file in an existing directory$/,
    );
    assert.ok(!existsSync(join(directory, 'none')));
  });

  it('on a Redis that refuses the password', { skip: REDIS_MISSING }, async () => {
    const redis = await startRedisServer({ password: 'right' });
    try {
      const store = `redis://:secret@127.0.0.1:${redis.port}`;
      await assertDenied({ store }, /^a URL with the user and the password/);
    } finally {
      await redis.close();
    }
  });

  it('with a URL that cannot be read', () => {
    for (const url of [
      'redis://:secret@127.0.0.1:99999',
      'redis://127.0.0.1/database',
      'redis://a:secret/x@host',
    ]) {
      assert.throws(
        () => openStore({ store: url }),
        (error) => error instanceof StoreSetupError && !error.message.includes('secret'),
        url,
      );
    }
  });
});
