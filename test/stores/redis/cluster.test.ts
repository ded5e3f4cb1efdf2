import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defineBudget, type ReserveRequest } from '../../../src/budget/index.ts';
import { RedisStore } from '../../../src/stores/redis/redis-store.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';
import { REDIS_MISSING } from '../../support/redis-server.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
const used = { costNanoUsd: 1, tokens: 5, calls: 1 };

function request(id: string): ReserveRequest {
  const fixed = { costNanoUsd: 7, tokens: 10, calls: 1 };
  return { id, leaseMs: 60_000, fixed, outputPicoUsd: 0, choices: 1, outputCap: 50, capped: true };
}

describe('a Redis Cluster', { skip: REDIS_MISSING }, () => {
  let cluster: RedisCluster;
  const stores: RedisStore[] = [];
  before(async () => {
    cluster = await startRedisCluster();
  });
  after(async () => {
    for (const store of stores) await store.close();
    await cluster.close();
  });

  function open(node: number, prefix: string): RedisStore {
    const url = cluster.nodes[node]?.url ?? '';
    const store = new RedisStore({ url, prefix, timeoutMs: 5_000 });
    stores.push(store);
    return store;
  }

  it('works from the URL of any node, whichever serves the ledger', async () => {
    for (const prefix of ['one', 'two', 'three', 'four']) {
      for (const node of [0, 1, 2]) {
        const store = open(node, prefix);
        // Together, so that several are redirected.
        const ids = ['a', 'b', 'c'].map((id) => `${id}${node}`);
        const admissions = await Promise.all(ids.map((id) => store.reserve([job], request(id))));
        assert.ok(admissions.every(({ admitted }) => admitted));
        for (const id of ids) assert.equal(await store.settle(id, used), true);
      }
      assert.equal((await open(0, prefix).balances(job)).settled.tokens, 9 * used.tokens);
    }
  });

  it('goes along when the keys are moved to another node, and while they are', async () => {
    const prefix = 'moves';
    const key = `{${prefix}}:open`;
    const store = open(0, prefix);
    await store.reserve([job], request('before'));
    await store.charge([job], used);
    const from = await cluster.ownerOf(key);
    const to = cluster.nodes.find((node) => node !== from) ?? from;
    const slot = String(await from.command('CLUSTER', 'KEYSLOT', key));
    const [fromId, toId] = await Promise.all([from, to].map((node) => node.command('CLUSTER', 'MYID')));
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId));
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId));
    const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', slot, '100')) as string[];
    await from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
    // The slot is still here, and its keys are there: it asks there, or is told to try again, as one does not exist.
    const during = store.balances(job);
    for (const node of cluster.nodes) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', String(toId));
    assert.equal((await during).open, 1);
    assert.equal(await store.settle('before', used), true);
    assert.equal((await store.balances(job)).settled.tokens, 2 * used.tokens);
  });

  it('comes back when its node does', async () => {
    const prefix = 'restarts';
    const store = open(1, prefix);
    await store.charge([job], used);
    const owner = await cluster.ownerOf(`{${prefix}}:open`);
    owner.signal('SIGSTOP');
    const late = new RedisStore({ url: owner.url, prefix, timeoutMs: 200 });
    stores.push(late);
    await assert.rejects(late.balances(job), /did not answer|cannot be reached/);
    owner.signal('SIGCONT');
    await eventually('it is back', async () => {
      assert.deepEqual((await late.balances(job)).settled, used);
      return true;
    });
  });
});
