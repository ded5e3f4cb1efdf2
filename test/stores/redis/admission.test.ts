import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Admission,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  decideAdmission,
  defineBudget,
  type Limits,
  MODES,
  type ReserveRequest,
} from '../../../src/budget/index.ts';
import { RedisStore } from '../../../src/stores/redis/redis-store.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../../support/redis-server.ts';

const mode = fc.constantFrom(...MODES);
const share = fc.oneof(fc.constantFrom(0.1, 0.5, 1), fc.double({ min: 0.001, max: 1, noNaN: true }));

/** Small numbers, which exhaust budgets, and large ones, which exhaust doubles. */
function count(small: number, large: number): fc.Arbitrary<number> {
  return fc.oneof({ weight: 3, arbitrary: fc.nat({ max: small }) }, fc.integer({ min: 0, max: large }));
}

function amounts(): fc.Arbitrary<Amounts> {
  return fc.record({
    costNanoUsd: count(5_000_000, 4e15),
    tokens: count(5_000, 1e12),
    calls: fc.nat({ max: 4 }),
  });
}

const limits: fc.Arbitrary<Limits> = fc.record(
  {
    costUsd: fc.oneof(
      fc.integer({ min: 0, max: 60 }).map((thousandths) => thousandths / 1_000),
      fc.double({ min: 0, max: 9_000_000, noNaN: true }),
    ),
    tokens: count(20_000, 1e13),
    calls: fc.nat({ max: 8 }),
    minutes: fc.constantFrom(0, 60),
  },
  { requiredKeys: [] },
);

const budget = fc.record({
  limits,
  mode,
  maxShare: share,
  minOutputTokens: fc.constantFrom(1, 16, 500),
});

const request = fc.record({
  fixed: amounts(),
  outputPicoUsd: count(60_000_000, 5e9),
  choices: fc.integer({ min: 1, max: 128 }),
  outputCap: count(5_000, 1_000_000_000),
  capped: fc.boolean(),
});

const one = fc.record({
  chain: fc.array(budget, { minLength: 1, maxLength: 3 }),
  settled: fc.array(amounts(), { minLength: 3, maxLength: 3 }),
  reserved: amounts(),
  request,
});

describe('the admission of the Redis script', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  let store: RedisStore;
  before(async () => {
    server = await startRedisServer();
    store = new RedisStore({ url: server.url, timeoutMs: 5_000 });
  });
  after(async () => {
    await store.close();
    await server.close();
  });

  it('equals that of the pure function, to the token and nano-USD, in 4,000 random cases', async () => {
    let n = 0;
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(one, async ({ chain: given, settled, reserved, request: asked }) => {
        n += 1;
        const chain = given.map((each, index) => defineBudget({ name: `b${n} ${index}`, ...each }));
        const accounts = await fill(chain, settled, reserved, `held ${n}`);
        const asks: ReserveRequest = { ...asked, id: `call ${n}`, leaseMs: 60_000 };
        const expected = decideAdmission(accounts, asks, store.now());
        const answer = await store.reserve(chain, asks);
        assert.deepEqual(answer, expected);
        const after = await store.balances(chain[0] ?? assert.fail());
        if (answer.admitted) assert.equal(after.open, 2);
        seen.add(kindOf(answer, asks));
      }),
      { numRuns: 4_000 },
    );
    const kinds = ['admitted', 'clamped', 'costUsd', 'tokens', 'calls', 'minutes'];
    assert.deepEqual([...seen].sort(), kinds.sort(), 'every kind of answer came about');
  });

  /** Gives the accounts balances, by budgets that deny nothing. */
  async function fill(
    chain: readonly BudgetDefinition[],
    settled: readonly Amounts[],
    reserved: Amounts,
    id: string,
  ): Promise<{ budget: BudgetDefinition; balances: Balances }[]> {
    const open = chain.map((each) => ({ ...each, mode: 'observe' as const }));
    const held = { id, leaseMs: 600_000, fixed: reserved, outputPicoUsd: 0, choices: 1, outputCap: 0 };
    await Promise.all(open.map((each, index) => store.charge([each], settled[index] ?? reserved)));
    assert.ok((await store.reserve(open, { ...held, capped: true })).admitted);
    return Promise.all(chain.map(async (each) => ({ budget: each, balances: await store.balances(each) })));
  }
});

function kindOf(answer: Admission, asked: ReserveRequest): string {
  if (!answer.admitted) return answer.limit;
  return answer.outputCap < asked.outputCap ? 'clamped' : 'admitted';
}
