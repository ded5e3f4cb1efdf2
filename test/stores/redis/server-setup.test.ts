import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defineBudget, type StoreFinding } from '../../../src/budget/index.ts';
import type { RedisStore } from '../../../src/stores/redis/index.ts';
import { eventually } from '../../support/eventually.ts';
import { REDIS_MISSING } from '../../support/redis-server.ts';
import { closedAfterTests, request } from './support.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });

describe('the set-up of a Redis', { skip: REDIS_MISSING }, () => {
  const { serve, open: openStore } = closedAfterTests();
  const open = (url: string, onFinding?: (finding: StoreFinding) => void): RedisStore =>
    openStore({ url, timeoutMs: 5_000, ...(onFinding && { onFinding }) });

  async function problemsOf(url: string): Promise<string[]> {
    const findings = await open(url).inspect();
    return findings.map(({ severity, found, fix }) => `${severity}: ${found} → ${fix}`);
  }

  it('is fine if it keeps its data, and the check leaves nothing behind', async () => {
    const server = await serve({ appendonly: true, args: ['--maxmemory', '100mb'] });
    assert.deepEqual(await problemsOf(server.url), []);
    assert.deepEqual(await server.command('KEYS', '*'), []);
  });

  it('is reported if it writes nothing to disk, or snapshots alone', async () => {
    const server = await serve();
    assert.match(
      (await problemsOf(server.url)).join(),
      /^warn: Redis writes no append-only file: .*starts at zero/,
    );
    await server.command('CONFIG', 'SET', 'save', '60 1');
    assert.match(
      (await problemsOf(server.url)).join(),
      /^warn: .*go back to the last snapshot.*"appendonly yes"$/,
    );
  });

  it('is reported if it evicts keys', async () => {
    const server = await serve({ appendonly: true, args: ['--maxmemory-policy', 'allkeys-lru'] });
    assert.deepEqual(await problemsOf(server.url), [], 'without a limit nothing is evicted');
    await server.command('CONFIG', 'SET', 'maxmemory', '100mb');
    assert.match(
      (await problemsOf(server.url)).join(),
      /^fail: .*"maxmemory-policy allkeys-lru".*noeviction/,
    );
  });

  it('is reported if it is a replica', async () => {
    const [primary, server] = await Promise.all([serve(), serve({ appendonly: true })]);
    await server.command('REPLICAOF', '127.0.0.1', String(primary.port));
    assert.match(
      (await problemsOf(server.url)).join(),
      /^fail: Redis is a replica.* → use the URL of the primary$/,
    );
  });

  it('is reported if the user may not run commands of the scripts, or ask for the rest', async () => {
    const server = await serve({ appendonly: true });
    const url = (user: string): string => server.url.replace('//', `//${user}:secret@`);
    const setUser = (user: string, ...rules: string[]): Promise<unknown> =>
      server.command('ACL', 'SETUSER', user, 'on', '>secret', '~{token-budget}:*', ...rules);
    await setUser('all', '+@all');
    assert.deepEqual(await problemsOf(url('all')), []);
    await setUser('few', '+@all', '-hset', '-zadd');
    assert.match(
      (await problemsOf(url('few'))).join(),
      /^fail: this user of Redis may not run HSET, ZADD: .*\+hset \+zadd$/,
    );
    await setUser('blind', '+@all', '-info', '-config');
    assert.match(
      (await problemsOf(url('blind'))).join(),
      /^warn: .*could not be read, nor whether it was restarted .*: this user may not run INFO/,
    );
    await setUser('none', '+ping');
    assert.match((await problemsOf(url('none'))).join(), /may not run EVAL, EVALSHA/);
  });

  it('is reported once, after the first call and without holding it', async () => {
    const server = await serve();
    const reports: StoreFinding[] = [];
    const store = open(server.url, (finding) => reports.push(finding));
    await store.reserve([job], request('a'));
    assert.deepEqual(reports, []);
    await store.reserve([job], request('b'));
    await eventually('it is reported', async () => {
      assert.equal(reports.length, 1);
      return true;
    });
    await store.reserve([job], request('c'));
    await store.inspect();
    assert.equal(reports.length, 1);
  });
});
