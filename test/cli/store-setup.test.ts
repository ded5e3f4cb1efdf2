import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defineBudget, LedgerLostError } from '../../src/budget/index.ts';
import { RedisStore } from '../../src/stores/redis/index.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { runScript } from '../support/script-run.ts';
import { command, testDirectory } from './run-cli.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
const request = {
  id: 'a',
  leaseMs: 60_000,
  fixed: { costNanoUsd: 7, tokens: 10, calls: 1 },
  outputPicoUsd: 0,
  choices: 1,
  outputCap: 50,
  capped: true,
};

describe('a Redis that does not keep its data', { skip: REDIS_MISSING }, () => {
  const { path } = testDirectory();
  let server: RedisServer;
  before(async () => {
    server = await startRedisServer({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
  });
  after(() => server.close());

  const doctor = (url: string) =>
    command(['doctor', '--store', url], {
      cwd: path,
      env: { OTEL_SDK_DISABLED: 'true', TOKEN_BUDGET_USD: '1' },
    });

  it('is a finding of doctor, with what to do', async () => {
    const { stdout, code } = await doctor(server.url);
    assert.match(stdout, /^! Store {6}Redis writes no append-only file: .*\n {13}→ set "appendonly yes"$/m);
    assert.match(
      stdout,
      /^✗ Store {6}Redis deletes keys .*allkeys-lru.*\n {13}→ set "maxmemory-policy noeviction"/m,
    );
    assert.equal(code, 1);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await server.command('CONFIG', 'SET', 'appendonly', 'yes');
    const good = await doctor(server.url);
    assert.match(good.stdout, /^✓ Store {6}redis:\/\/127\.0\.0\.1:\d+ answers; it has 0 accounts$/m);
    assert.equal(good.code, 0);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  });

  it('is reported once by a process that uses it, on stderr and as an event', async () => {
    const { stderr, otlp, code } = await runScript({
      script: `
        for (let n = 0; n < 3; n += 1) await client.chat.completions.create(CHAT, replay('chat-plain'));
        await new Promise((done) => setTimeout(done, 300));`,
      config: { store: server.url, storeWaitMs: 5_000, limits: { tokens: 100_000 } },
    });
    assert.equal(code, 0);
    assert.match(stderr, /^otel-token-budget: Redis deletes keys .*allkeys-lru.*noeviction.*\n$/);
    const events = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.store_warning');
    assert.equal(events.length, 1);
    assert.match(String(events[0]?.attributes['token_budget.reason']), /allkeys-lru/);
  });

  it('is flushed under a process: reported once, and gone on with after a confirmation', async () => {
    const store = new RedisStore({ url: server.url, timeoutMs: 5_000 });
    try {
      await store.charge([job], { costNanoUsd: 0, tokens: 100, calls: 1 });
      const none = await command(['confirm', '--store', server.url]);
      assert.match(none.stdout, /^redis:\/\/.* denies no calls for lost data: nothing to confirm\.\n$/);
      await server.command('FLUSHALL');
      await assert.rejects(store.reserve([job], request), LedgerLostError);
      const confirmed = await command(['confirm', '--json', '--store', server.url]);
      assert.deepEqual(JSON.parse(confirmed.stdout), { store: server.url, confirmed: true });
      assert.ok((await store.reserve([job], request)).admitted);
      assert.equal((await store.balances(job)).settled.tokens, 100);
    } finally {
      await store.close();
    }
  });

  it('is flushed under a process that calls: an event and a metric', async () => {
    const { stderr, otlp, printed } = await runScript({
      script: `
        const attempt = () => client.chat.completions.create(CHAT, replay('chat-plain')).then(() => 'sent', ({ code, status }) => [code, status]);
        print(await attempt());
        await fetch(process.env.FLUSH);
        print(await attempt());`,
      config: { store: server.url, storeWaitMs: 5_000, localQuota: false, limits: { tokens: 100_000 } },
      env: { FLUSH: await flushUrl(server) },
    });
    assert.deepEqual(printed, ['sent', ['token_budget_ledger_lost', 402]]);
    assert.equal(stderr.match(/Redis has lost data of the ledger/g)?.length, 1);
    assert.equal(otlp.logs().filter(({ eventName }) => eventName === 'token_budget.ledger_lost').length, 1);
    assert.ok(otlp.metrics().some(({ name, value }) => name === 'token_budget.store.losses' && value === 1));
  });

  const closes: (() => Promise<void>)[] = [];
  after(async () => {
    for (const close of closes) await close();
  });

  /** A URL whose request flushes the server. */
  async function flushUrl(redis: RedisServer): Promise<string> {
    const { createServer } = await import('node:http');
    const { listen } = await import('../support/http.ts');
    const control = await listen(
      createServer(async (_, response) => {
        await redis.command('FLUSHALL');
        response.end();
      }),
    );
    closes.push(control.close);
    return control.url;
  }
});
