import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REDIS_MISSING } from '../support/redis-server.ts';
import type { StoreName } from './ground.ts';
import { missingFor, planRound } from './plan.ts';
import { roundLine } from './report.ts';
import { runRound } from './round.ts';

const ROUNDS: readonly (readonly [weather: string, store: StoreName, failurePolicy?: 'open'])[] = [
  ['calm', 'redis'],
  ['locks', 'sqlite'],
  ['kills', 'sqlite'],
  ['restarts', 'redis'],
  ['cuts', 'redis with quotas'],
  ['clocks', 'sqlite'],
  ['outages', 'sqlite'],
  ['outages', 'redis', 'open'],
  ['suspensions', 'redis'],
  ['storm', 'redis with quotas'],
];

// A short form of `npm run test:chaos`, which repeats a round by the weather, store and seed of its line with
// `--processes 4 --calls 10`.
describe('in bad weather the bill stays within the limit, and the ledger knows of all of it', () => {
  for (const [index, [weather, store, failurePolicy = 'closed']] of ROUNDS.entries()) {
    const seed = 9_200 + index;
    const skip = (store !== 'sqlite' && REDIS_MISSING) || missingFor(weather);
    test(`${weather}, ${store}, ${failurePolicy}, seed ${seed}`, { skip }, async (t) => {
      const outcome = await runRound(
        planRound(seed, { weather, store, failurePolicy, mostProcesses: 4, mostCalls: 10 }),
      );
      t.diagnostic(roundLine(outcome));
      assert.deepEqual(outcome.failures, [], outcome.stderr);
    });
  }
});
