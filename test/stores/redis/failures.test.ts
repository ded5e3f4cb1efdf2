import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import {
  type Balances,
  type BudgetDefinition,
  defineBudget,
  NOTHING,
  StoreError,
} from '../../../src/budget/index.ts';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.ts';
import { eventually } from '../../support/eventually.ts';
import { REDIS_MISSING } from '../../support/redis-server.ts';
import { closedAfterTests, request, tokens } from './support.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
/** Short enough to wait for, long enough for a busy machine. */
const TIMEOUT = 500;

describe('a Redis that fails', { skip: REDIS_MISSING }, () => {
  const { ends, serve, open: openStore } = closedAfterTests();
  const open = (url: string, given: Partial<RedisStoreOptions> = {}): RedisStore =>
    openStore({ url, timeoutMs: 2_000, ...given });

  /** Checks that it rejects with a StoreError of that message, within the timeout. */
  async function fails(what: Promise<unknown>, pattern: RegExp): Promise<void> {
    const started = performance.now();
    await assert.rejects(what, (error) => {
      assert.ok(error instanceof StoreError, String(error));
      assert.match(error.message, pattern);
      return true;
    });
    const tookMs = performance.now() - started;
    // A store that waits for an answer would wait forever; the rest of the time allowed is for a busy
    // machine.
    assert.ok(tookMs < 10 * TIMEOUT, `took ${Math.round(tookMs)} ms`);
  }

  /** Repeats a request until it is answered again: the store reconnects by itself. */
  async function back<T>(ask: () => Promise<T>): Promise<T> {
    const { answer } = await eventually('Redis is back', async () => ({ answer: await ask() }));
    return answer;
  }

  /** Waits for the ledger, since undos reach it a moment later. */
  async function comesTo(
    store: RedisStore,
    budget: BudgetDefinition,
    expected: Pick<Balances, 'open' | 'settled'>,
  ): Promise<void> {
    await eventually('the undo', async () => {
      const { open: calls, settled } = await store.balances(budget);
      assert.deepEqual({ open: calls, settled }, expected);
      return true;
    });
  }

  it('rejects after the timeout if no server listens, without the password in the message', async () => {
    const store = open('redis://:secret@127.0.0.1:1', { timeoutMs: TIMEOUT });
    for (let call = 0; call < 3; call += 1) {
      await fails(
        store.reserve([job], request('a')),
        /^Redis at 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
      );
    }
    assert.throws(() => new RedisStore({ url: 'http://localhost' }), RangeError);
    assert.throws(() => new RedisStore({ url: 'redis://localhost', timeoutMs: 0 }), RangeError);
  });

  it('rejects a wrong password, and accepts the right one', async () => {
    const server = await serve({ password: 'a p@ss:word/' });
    await fails(open(server.url.replace(/:[^:]*@/, ':wrong@')).balances(job), /WRONGPASS/);
    await fails(open(server.url.replace(/:[^:]*@/, '')).balances(job), /NOAUTH/);
    assert.equal((await open(server.url).balances(job)).open, 0);
  });

  it('keeps what was settled and reserved across a restart with its data, and charges nothing twice', async () => {
    const server = await serve({ appendonly: true });
    const store = open(server.url);
    await store.reserve([job], request('a'));
    await store.reserve([job], request('b'));
    await store.settle('a', tokens(40));
    await server.kill();
    await fails(store.settle('b', tokens(5)), /cannot be reached/);
    await fails(store.charge([job], tokens(1)), /cannot be reached/);
    await server.restart();
    assert.equal(await back(() => store.settle('b', tokens(5))), true);
    assert.equal(await store.settle('a', tokens(40)), false);
    const { settled, reserved, open: calls } = await store.balances(job);
    assert.deepEqual([settled.tokens, reserved, calls], [45, NOTHING, 0]);
  });

  it('gets back what is known after a restart without its data, and charges calls in flight once', async () => {
    const server = await serve();
    const store = open(server.url);
    await store.reserve([job], request('a'));
    await store.settle('a', tokens(40));
    await store.reserve([job], request('b'));
    await store.reserve([job], request('c'));
    await server.restart({ withData: false });
    assert.equal(await back(() => store.settle('b', tokens(5))), true);
    assert.equal(await store.settle('b', tokens(5)), false);
    assert.equal(await store.release('c'), true);
    const { settled, reserved, open: calls } = await store.balances(job);
    assert.deepEqual([settled.tokens, reserved, calls], [45, NOTHING, 0]);
  });

  it('charges nothing for what was rejected while the server was slow', async () => {
    const server = await serve();
    const store = open(server.url, { timeoutMs: TIMEOUT });
    await store.reserve([job], request('before'));
    await server.command('CLIENT', 'PAUSE', '1000', 'ALL');
    await Promise.all([
      fails(store.reserve([job], request('slow')), /did not answer within 500 ms/),
      fails(store.charge([job], tokens(100)), /did not answer/),
      fails(store.settle('before', tokens(20)), /did not answer/),
    ]);
    // It answers when the pause is over.
    await server.command('PING');
    // Nothing was executed late, and a settlement may be repeated.
    assert.equal(await back(() => store.settle('before', tokens(20))), true);
    assert.ok((await store.reserve([job], request('slow'))).admitted);
    const { settled, open: calls } = await store.balances(job);
    assert.deepEqual([settled.tokens, calls], [20, 1]);
  });

  it('undoes what was executed in time but never answered', async () => {
    const server = await serve();
    // The script runs in time, but its answer comes a moment after the timeout.
    const store = open(server.url, { prefix: 'unheard' });
    await store.balances(job);
    const hasty = open(server.url, { prefix: 'unheard', timeoutMs: 1 });
    let rejected = 0;
    const failed = (error: unknown): void => {
      assert.ok(error instanceof StoreError);
      rejected += 1;
    };
    let charged = 0;
    let reserved = 0;
    for (let round = 0; round < 60; round += 1) {
      const few = Array.from({ length: 40 }, (_, index) => `${round} ${index}`);
      await Promise.all([
        ...few.map((id) =>
          hasty.reserve([wide], request(id)).then(() => {
            reserved += 1;
          }, failed),
        ),
        hasty.charge([wide], tokens(3)).then(() => {
          charged += 1;
        }, failed),
      ]);
    }
    assert.ok(rejected > 100, `only ${rejected} were rejected`);
    await comesTo(store, wide, { open: reserved, settled: { ...tokens(3 * charged), calls: charged } });
  });

  it('undoes what was never answered, even if its lease has ended meanwhile', async () => {
    const server = await serve();
    const proxy = await startDeafProxy(server.port);
    ends.push(proxy.close);
    const store = open(proxy.url, { timeoutMs: 2 * TIMEOUT });
    const other = open(server.url);
    await store.reserve([job], request('answered'));
    proxy.deafen();
    await fails(store.reserve([job], request('unheard', { leaseMs: 300 })), /cannot be reached/);
    // It was reserved, since it is charged when its lease ends.
    await comesTo(other, job, { open: 1, settled: { costNanoUsd: 7, tokens: 60, calls: 1 } });
    proxy.hear();
    await back(() => store.balances(job));
    // It is sent on the new connection, beside the balances.
    await comesTo(other, job, { open: 1, settled: NOTHING });
  });

  it('repeats what was executed but never answered on a new connection, with one effect', async () => {
    const server = await serve();
    const proxy = await startDeafProxy(server.port);
    ends.push(proxy.close);
    const store = open(proxy.url, { timeoutMs: 20_000 });
    const other = open(server.url);
    const lost = async <T>(ask: () => Promise<T>): Promise<T> => {
      await store.balances(job);
      proxy.deafen();
      const answer = ask();
      await proxy.executed();
      proxy.hear();
      return answer;
    };
    const admitted = await lost(() => store.reserve([job], request('a')));
    assert.partialDeepStrictEqual(admitted, { admitted: true, reserved: { tokens: 60 } });
    assert.equal(await lost(() => store.grow([job], 'a', tokens(5))), true);
    assert.equal(await lost(() => store.transfer('a', 'b', 60_000)), true);
    await lost(() => store.charge([job], tokens(7)));
    const { settled, reserved, open: calls } = await other.balances(job);
    assert.deepEqual([settled.tokens, reserved.tokens, calls], [7, 65, 1]);
    await lost(() => store.settle('b', tokens(8)));
    assert.deepEqual((await other.balances(job)).settled.tokens, 15);
  });

  it('replaces a connection without answers', async () => {
    const server = await serve();
    const store = open(server.url, { timeoutMs: TIMEOUT });
    await store.reserve([job], request('a'));
    server.signal('SIGSTOP');
    for (let call = 0; call < 6; call += 1) {
      await fails(store.balances(job), /did not answer|cannot be reached/);
    }
    server.signal('SIGCONT');
    assert.equal((await back(() => store.balances(job))).open, 1);
  });

  it('rejects a reserve if its memory is full, and settles all the same', async () => {
    const server = await serve({ args: ['--maxmemory-policy', 'noeviction'] });
    const store = open(server.url);
    assert.ok((await store.reserve([job], request('a'))).admitted);
    await server.command('CONFIG', 'SET', 'maxmemory', '1mb');
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await fails(store.reserve([job], request('b')), /OOM/);
    await fails(store.charge([job], tokens(1)), /OOM/);
    assert.equal(await store.settle('a', tokens(30)), true);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    const { settled, open: calls } = await store.balances(job);
    assert.deepEqual([settled, calls], [tokens(30), 0]);
  });

  it('rejects while the server is a read-only replica, and works afterwards', async () => {
    const [primary, server] = await Promise.all([serve(), serve()]);
    const store = open(server.url);
    await store.balances(job);
    await server.command('REPLICAOF', '127.0.0.1', String(primary.port));
    await eventually('the replica is in step', async () => {
      const info = String(await server.command('INFO', 'replication'));
      return info.includes('master_link_status:up');
    });
    await fails(store.reserve([job], request('a')), /READONLY/);
    await server.command('REPLICAOF', 'NO', 'ONE');
    assert.ok((await back(() => store.reserve([job], request('a')))).admitted);
  });

  it('rejects what another program has stored in its keys', async () => {
    const server = await serve();
    await server.command('SET', '{token-budget}:account:always:job', 'text');
    await fails(open(server.url).balances(job), /WRONGTYPE/);
  });

  it('holds a bounded number of commands', async () => {
    const server = await serve();
    const store = open(server.url, { timeoutMs: TIMEOUT });
    await store.balances(job);
    server.signal('SIGSTOP');
    const all = await Promise.allSettled(
      Array.from({ length: 12_000 }, (_, index) => store.reserve([job], request(`r${index}`))),
    );
    server.signal('SIGCONT');
    const full = all.filter(
      (one) => one.status === 'rejected' && /are waiting for Redis/.test(String(one.reason)),
    );
    assert.equal(full.length, 2_000);
    assert.equal((await back(() => store.balances(job))).open, 0);
  });
});

const wide = defineBudget({ name: 'wide', limits: { calls: 100_000 } });

/**
 * Forwards everything to a server, until it is deaf: then it cuts a connection when an answer comes, and new
 * ones at once.
 */
async function startDeafProxy(port: number) {
  let deaf = false;
  let heard = (): void => {};
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    if (deaf) return void client.destroy();
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(server);
    server.on('data', (data) => {
      if (deaf) {
        client.destroy();
        heard();
      } else client.write(data);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  assert.ok(address !== null && typeof address === 'object');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${address.port}`,
    deafen: () => {
      deaf = true;
    },
    /** Resolves when an answer did not come through. */
    executed: () =>
      new Promise<void>((resolve) => {
        heard = resolve;
      }),
    hear: () => {
      deaf = false;
    },
    close: async () => {
      proxy.close();
      cut();
    },
  };
}
