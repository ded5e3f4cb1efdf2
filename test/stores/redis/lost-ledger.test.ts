import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { defineBudget, LedgerLostError, NOTHING } from '../../../src/budget/index.ts';
import type { RedisStore, RedisStoreOptions } from '../../../src/stores/redis/index.ts';
import { eventually } from '../../support/eventually.ts';
import { CAN_SET_CLOCK, REDIS_MISSING, type RedisServer } from '../../support/redis-server.ts';
import { closedAfterTests, request, tokens } from './support.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
const soft = defineBudget({ name: 'soft', limits: { tokens: 1_000 }, mode: 'soft' });
/** Long enough that it does not end while a test runs. */
const RECOVERY = 60_000;

describe('a Redis that has lost data', { skip: REDIS_MISSING }, () => {
  const { ends, serve, open: openStore } = closedAfterTests();
  const open = ({ url }: RedisServer, given: Partial<RedisStoreOptions> = {}): RedisStore =>
    openStore({ url, timeoutMs: 5_000, recoveryMs: RECOVERY, settlingMs: 0, ...given });

  /** Asks again until the store is connected. */
  async function back<T>(ask: () => Promise<T>): Promise<T> {
    const { answer } = await eventually('Redis is back', async () => ({ answer: await ask() }));
    return answer;
  }

  function isLost(error: unknown): boolean {
    assert.ok(error instanceof LedgerLostError, String(error));
    assert.deepEqual([error.code, error.status, error.budget], ['token_budget_ledger_lost', 402, 'job']);
    assert.match(error.message, /flushed.*Calls are denied until .*token-budget confirm/);
    return true;
  }

  it('flushed: denies, gets back what was settled and reserved, and goes on after a confirmation', async () => {
    const server = await serve();
    const reports: string[] = [];
    const store = open(server, { onLost: (what) => reports.push(what) });
    await store.reserve([job], request('done'));
    await store.settle('done', tokens(900));
    await store.reserve([job], request('open'));
    await server.command('FLUSHALL');
    await assert.rejects(store.reserve([job], request('more')), isLost);
    const { settled, reserved, open: calls } = await store.balances(job);
    assert.deepEqual([settled, reserved.tokens, calls], [tokens(900), 60, 1]);
    assert.equal(reports.length, 1);
    await assert.rejects(store.reserve([job], request('more')), isLost);
    assert.equal(await store.confirm(), true);
    assert.equal(await store.confirm(), false);
    // 960 of 1,000 are settled or reserved.
    const large = request('more', { fixed: { costNanoUsd: 7, tokens: 41, calls: 1 } });
    assert.equal((await store.reserve([job], large)).admitted, false);
    assert.equal(await store.settle('open', tokens(50)), true);
    assert.equal(await store.settle('open', tokens(50)), false);
    assert.deepEqual((await store.balances(job)).settled, { costNanoUsd: 0, tokens: 950, calls: 2 });
  });

  it('flushed: a process without knowledge is denied while others recover, and afterwards admitted', async () => {
    const server = await serve();
    const store = open(server, { recoveryMs: 1_500 });
    await store.charge([job], tokens(500));
    await server.command('FLUSHALL');
    await assert.rejects(store.reserve([job], request('a')), isLost);
    const fresh = open(server, { recoveryMs: 1_500 });
    await assert.rejects(fresh.reserve([job], request('b')), isLost);
    const admission = await back(() => fresh.reserve([job], request('b')));
    assert.ok(admission.admitted);
    assert.equal((await fresh.balances(job)).settled.tokens, 500);
  });

  it('flushed: a process that was late adds what it knows, and keeps what was charged meanwhile', async () => {
    const server = await serve();
    const one = open(server);
    const other = open(server);
    await one.charge([job], tokens(100));
    await other.charge([job], tokens(20));
    await one.reserve([job], request('of one'));
    await server.command('FLUSHALL');
    const fresh = open(server);
    await fresh.charge([job], tokens(3));
    // It knows the state before the charge of the other.
    await assert.rejects(one.reserve([job], request('x')), isLost);
    await eventually('the first is restored', async () => {
      assert.equal((await fresh.balances(job)).settled.tokens, 123);
      return true;
    });
    await assert.rejects(other.reserve([job], request('y')), isLost);
    await eventually('both are restored', async () => {
      const { settled, open: calls } = await fresh.balances(job);
      assert.deepEqual([settled.tokens, settled.calls, calls], [123, 3, 1]);
      return true;
    });
  });

  it('flushed: does not deny budgets that are not strict', async () => {
    const server = await serve();
    const store = open(server);
    await store.charge([soft], tokens(100));
    await server.command('FLUSHALL');
    assert.ok((await store.reserve([soft], request('a'))).admitted);
    await eventually('it is restored', async () => {
      assert.equal((await store.balances(soft)).settled.tokens, 100);
      return true;
    });
  });

  it('flushed: brings back raises, and does not bring back what a reset removed', async () => {
    const server = await serve();
    const store = open(server);
    await store.charge([job], tokens(900));
    await store.reset(job);
    await store.charge([job], tokens(5));
    await store.raise(job, { costNanoUsd: 0, tokens: 50, calls: 0, milliseconds: 0 });
    const before = await store.balances(job);
    await server.command('FLUSHALL');
    await assert.rejects(store.reserve([job], request('a')), isLost);
    assert.deepEqual(await back(() => store.balances(job)), before);
  });

  it('restarted from an older copy: charges each call once', async () => {
    const server = await serve();
    const store = open(server);
    await store.charge([job], tokens(100));
    await store.reserve([job], request('settled later'));
    await store.reserve([job], request('still open'));
    await server.command('SAVE');
    await store.settle('settled later', tokens(30));
    await store.charge([job], tokens(200));
    await server.restart();
    await assert.rejects(
      back(async () => {
        const admission = await store.reserve([job], request('x')).catch((error) => {
          if (error instanceof LedgerLostError) return error;
          throw error;
        });
        return admission;
      }).then((answer) => {
        if (answer instanceof LedgerLostError) throw answer;
      }),
      isLost,
    );
    await eventually('it is restored', async () => {
      const { settled, reserved, open: calls } = await store.balances(job);
      assert.deepEqual([settled.tokens, reserved.tokens, calls], [330, 60, 1]);
      return true;
    });
    assert.equal(await store.settle('still open', tokens(10)), true);
    assert.equal((await store.balances(job)).settled.tokens, 340);
  });

  it('restarted from an older copy: notices though others have written since, and keeps what they wrote', async () => {
    const server = await serve();
    const [one, other] = [open(server), open(server)];
    await one.charge([job], tokens(100));
    await other.balances(job);
    await server.command('SAVE');
    await one.charge([job], tokens(200));
    await one.close();
    const proxy = await startProxy(server.port);
    ends.push(proxy.close);
    // Knows more than the copy, and is not connected when the server is back.
    const late = openStore({ url: proxy.url, timeoutMs: 5_000, recoveryMs: RECOVERY, settlingMs: 0 });
    assert.equal((await late.balances(job)).settled.tokens, 300);
    proxy.block(true);
    await server.restart();
    for (let n = 0; n < 20; n += 1) await back(() => other.charge([job], tokens(1)));
    assert.ok((await other.reserve([job], request('of the other'))).admitted);
    proxy.block(false);
    await eventually('the late one notices', async () => {
      await assert.rejects(late.reserve([job], request('x')), isLost);
      return true;
    });
    await eventually('it is restored', async () => {
      const { settled, open: calls } = await other.balances(job);
      assert.deepEqual([settled.tokens, calls], [320, 1]);
      return true;
    });
    await assert.rejects(other.reserve([job], request('y')), isLost);
    assert.equal((await other.balances(job)).settled.tokens, 320);
  });

  it('restarted from an older copy twice, before everybody has written back: charges each call once', async () => {
    const server = await serve();
    const [one, other] = [open(server), open(server)];
    await one.charge([job], tokens(100));
    await other.balances(job);
    await server.command('SAVE');
    await one.charge([job], tokens(50));
    await server.restart();
    const fresh = open(server);
    await back(() => fresh.charge([job], tokens(3)));
    await back(() => other.charge([job], tokens(20)));
    await eventually('it is restored', async () => (await fresh.balances(job)).settled.tokens === 173);
    await server.restart();
    await back(() => other.charge([job], tokens(7)));
    await back(() => one.balances(job));
    await eventually('it is restored again', async () => (await fresh.balances(job)).settled.tokens === 180);
    // Every segment has been merged into a later one by now.
    for (let restarts = 0; restarts < 10; restarts += 1) {
      await server.command('SAVE');
      await server.restart();
      await back(() => other.charge([job], tokens(1)));
    }
    assert.equal((await back(() => one.balances(job))).settled.tokens, 190);
  });

  it('restarted: lets strict budgets wait until every process can have connected again', async () => {
    const server = await serve({ appendonly: true });
    const store = open(server, { settlingMs: 1_000 });
    await store.charge([job], tokens(100));
    await store.reserve([job], request('open'));
    await server.restart();
    // Begins with the first script.
    const before = await back(async () => {
      await store.balances(job);
      return performance.now();
    });
    assert.ok((await store.reserve([soft], request('not strict'))).admitted);
    assert.equal(await store.settle('open', tokens(1)), true);
    const hurried = open(server, { settlingMs: 1_000, timeoutMs: 300 });
    await assert.rejects(
      hurried.reserve([job], request('hurried')),
      /was restarted, and waits for its clients/,
    );
    assert.ok(performance.now() - before < 900, 'the machine is too slow for this test');
    assert.ok((await store.reserve([job], request('waits'))).admitted);
    assert.ok(performance.now() - before > 900, 'it waited');
    assert.equal((await store.balances(job)).open, 1);
  });

  it('is not waited for if the run of the server was seen before', async () => {
    const server = await serve({ appendonly: true });
    const store = open(server, { settlingMs: 60_000, timeoutMs: 5_000 });
    await store.charge([job], tokens(100));
    const key = '{token-budget}:epoch';
    const segments = String(await server.command('HGET', key, 'segments'));
    await server.command('HSET', key, 'segments', `${segments} other 2 another-run`);
    assert.ok((await store.reserve([job], request('at once'))).admitted);
    await server.command('HSET', key, 'segments', 'other 2 another-run');
    await assert.rejects(store.reserve([job], request('waits')), /was restarted, and waits|has lost data/);
  });

  it('works for a user who may not read the run of the server', async () => {
    const server = await serve();
    await server.command('ACL', 'SETUSER', 'plain', 'on', '>secret', '~*', '+@all', '-info');
    const url = server.url.replace('redis://', 'redis://plain:secret@');
    const store = openStore({ url, timeoutMs: 5_000, recoveryMs: RECOVERY });
    await store.charge([job], tokens(100));
    await server.command('FLUSHALL');
    await assert.rejects(store.reserve([job], request('x')), isLost);
    assert.equal((await store.balances(job)).settled.tokens, 100);
  });

  it('evicted an account, or the epoch: notices', async () => {
    const server = await serve();
    const store = open(server);
    const other = open(server);
    await store.charge([job], tokens(300));
    await other.balances(job);
    for (const key of ['account:always:job', 'epoch', 'accounts']) {
      await server.command('DEL', `{token-budget}:${key}`);
      // The list of accounts has no amounts: it is missed if an account is missing, too.
      if (key === 'accounts') await server.command('DEL', '{token-budget}:account:always:job');
      await assert.rejects(other.reserve([job], request(`after ${key}`)), isLost);
      await eventually('it is restored', async () => {
        assert.deepEqual((await store.balances(job)).settled, tokens(300));
        return true;
      });
      await store.confirm();
    }
    assert.ok((await store.reserve([job], request('goes on'))).admitted);
  });

  it('evicted an account with open reservations: counts what they hold, whatever comes first', async () => {
    for (const first of ['reserve', 'settle', 'grow'] as const) {
      const server = await serve();
      const store = open(server);
      await store.charge([job], tokens(100));
      for (const id of ['a', 'b', 'c']) await store.reserve([job], request(id));
      await server.command('DEL', '{token-budget}:account:always:job');
      if (first === 'reserve') await assert.rejects(store.reserve([job], request('d')), isLost);
      if (first === 'grow') await store.grow([job], 'a', tokens(1));
      assert.equal(await store.settle('a', tokens(7)), true);
      const { settled, reserved, open: calls } = await store.balances(job);
      assert.deepEqual([settled.tokens, reserved.tokens, calls], [107, 120, 2], first);
      await assert.rejects(store.reserve([job], request('d')), isLost);
    }
  });

  it('that evicts whatever it can, under pressure: admits no more than the limit', async () => {
    const server = await serve({ args: ['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-random'] });
    const store = open(server, { recoveryMs: 1 });
    let spent = 0;

    const filler = 'x'.repeat(20_000);
    for (let round = 0; round < 150; round += 1) {
      await server.command('SET', `filler ${round}`, filler);
      const id = `r${round}`;
      const admission = await store.reserve([job], request(id)).catch((error: unknown) => {
        assert.ok(error instanceof LedgerLostError, String(error));
        return undefined;
      });
      if (admission?.admitted !== true) continue;
      const { tokens: reserved } = admission.reserved;
      spent += reserved;
      await store.settle(id, tokens(reserved));
    }
    const evicted = /evicted_keys:(\d+)/.exec(String(await server.command('INFO', 'stats')))?.[1];
    assert.ok(Number(evicted) > 20, `${evicted} keys evicted`);
    assert.ok(spent <= 1_000 && spent > 0, `${spent} of 1,000`);
    const { settled, reserved } = await store.balances(job);
    assert.ok(
      settled.tokens + reserved.tokens >= spent,
      `${settled.tokens} + ${reserved.tokens}, ${spent} spent`,
    );
  });

  it('failed over to a replica that lagged behind: gets back what that lacks', async () => {
    const [primary, replica] = await Promise.all([serve(), serve()]);
    const proxy = await startProxy(primary.port);
    ends.push(proxy.close);
    const store = openStore({ url: proxy.url, timeoutMs: 5_000, recoveryMs: RECOVERY, settlingMs: 0 });
    await store.charge([job], tokens(100));
    await replica.command('REPLICAOF', '127.0.0.1', String(primary.port));
    await eventually('the replica is in step', async () => {
      const info = String(await replica.command('INFO', 'replication'));
      return info.includes('master_link_status:up');
    });
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await store.charge([job], tokens(200));
    await store.reserve([job], request('open'));
    proxy.forwardTo(replica.port);
    await eventually('it is denied', async () => {
      await assert.rejects(store.reserve([job], request('x')), isLost);
      return true;
    });
    const { settled, reserved, open: calls } = await store.balances(job);
    assert.deepEqual([settled.tokens, reserved.tokens, calls], [300, 60, 1]);
  });

  it('evicts accounts again and again: never admits more than the limit', async () => {
    const server = await serve();
    const store = open(server, { recoveryMs: 1 });
    let settled = 0;
    for (let round = 0; round < 40; round += 1) {
      const id = `r${round}`;
      const admission = await store.reserve([job], request(id)).catch((error: unknown) => {
        assert.ok(error instanceof LedgerLostError, String(error));
        return undefined;
      });
      if (admission?.admitted === true) {
        const { reserved } = admission;
        await store.settle(id, tokens(reserved.tokens));
        settled += reserved.tokens;
      }
      if (round % 5 === 4) {
        const [key] = (await server.command('KEYS', '{token-budget}:account:*')) as string[];
        if (key !== undefined && !key.endsWith(':spending')) await server.command('DEL', key);
      }
    }
    assert.ok(settled <= 1_000 && settled > 0, `${settled} of 1,000`);
    assert.ok((await store.balances(job)).settled.tokens >= settled);
  });

  it('whose clock was wrong once: gets back the window that expired', { skip: !CAN_SET_CLOCK }, async () => {
    const window = { per: 'day', timeZone: 'UTC' } as const;
    const daily = defineBudget({ name: 'job', limits: { tokens: 1_000 }, window });
    const server = await serve({ clock: true });
    const store = open(server);
    await store.charge([daily], tokens(990));
    const [key = ''] = (await server.command('KEYS', '*:account:day:*:job')) as string[];
    server.setClock(400 * 86_400_000);
    // A server deletes what has expired when it is looked at, or some time later.
    assert.equal(await server.command('EXISTS', key), 0);
    await open(server).charge([daily], tokens(1));
    assert.deepEqual((await store.balances(daily)).settled, tokens(1));
    server.setClock(0);
    await assert.rejects(store.reserve([daily], request('a')), isLost);
    assert.deepEqual((await store.balances(daily)).settled, tokens(990));
  });

  it('does not take a window that is over for one that was evicted', { skip: !CAN_SET_CLOCK }, async () => {
    const window = { per: 'hour', timeZone: 'UTC' } as const;
    const hourly = defineBudget({ name: 'hourly', limits: { tokens: 1_000 }, window });
    const server = await serve({ clock: true });
    const reports: string[] = [];
    const store = open(server, { onLost: (what) => reports.push(what) });
    const at = Date.now();
    await store.charge([hourly], tokens(5));
    const [key = ''] = (await server.command('KEYS', '*:account:hour:*:hourly')) as string[];
    server.setClock(3 * 86_400_000);
    assert.equal(await server.command('EXISTS', key), 0);
    await store.chargeOnce([hourly], tokens(7), { source: 'journal', after: 0, position: 1, at });
    assert.ok((await store.reserve([hourly], request('a'))).admitted);
    assert.deepEqual(reports, []);
  });

  it('lets idle processes notice', async () => {
    const server = await serve();
    const reports: string[] = [];
    const store = open(server, { lookMs: 50, onLost: (what) => reports.push(what) });
    await store.charge([job], tokens(300));
    await server.command('FLUSHALL');
    const fresh = open(server);
    await eventually('the idle one has written back', async () => {
      assert.equal((await fresh.balances(job)).settled.tokens, 300);
      return true;
    });
    assert.equal(reports.length, 1);
    await assert.rejects(fresh.reserve([job], request('a')), isLost);
  });

  it('reads as before if nothing was lost', async () => {
    const server = await serve({ appendonly: true });
    const reports: string[] = [];
    const store = open(server, { onLost: (what) => reports.push(what) });
    await store.charge([job], tokens(300));
    await server.restart();
    const { settled, reserved } = await back(() => store.balances(job));
    assert.deepEqual([settled, reserved, reports], [tokens(300), NOTHING, []]);
    assert.ok((await store.reserve([job], request('a'))).admitted);
  });
});

/** Forwards connections to a server, and later to another one, for which it cuts those that are open. */
async function startProxy(firstPort: number) {
  let port = firstPort;
  let isBlocked = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    if (isBlocked) {
      client.on('error', () => {}).destroy();
      return;
    }
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  assert.ok(address !== null && typeof address === 'object');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${address.port}`,
    forwardTo: (next: number) => {
      port = next;
      cut();
    },
    block: (blocked: boolean) => {
      isBlocked = blocked;
      if (blocked) cut();
    },
    close: async () => {
      proxy.close();
      cut();
    },
  };
}
