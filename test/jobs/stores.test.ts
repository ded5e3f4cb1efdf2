import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runJob } from '../../src/jobs/run-job.ts';
import { FileJobStore } from '../../src/jobs/stores/files.ts';
import type { JobStore } from '../../src/jobs/stores/job-store.ts';
import { openJobStores } from '../../src/jobs/stores/open.ts';
import { RedisJobStore } from '../../src/jobs/stores/redis.ts';
import { SqliteJobStore } from '../../src/jobs/stores/sqlite.ts';
import { NODE } from '../support/paths.ts';
import { REDIS_MISSING, startRedisServer } from '../support/redis-server.ts';
import { directoryOf, jobsPath } from './support.ts';

const stores: readonly (readonly [string, string | false, (test: TestContext) => Promise<() => JobStore>])[] =
  [
    [
      'files',
      false,
      async (test) => {
        const path = directoryOf(test);
        return () => new FileJobStore(path, 3);
      },
    ],
    [
      'SQLite',
      false,
      async (test) => {
        const path = join(directoryOf(test), 'ledger.db');
        return () => new SqliteJobStore(path, { maxCheckpoints: 3 });
      },
    ],
    [
      'Redis',
      REDIS_MISSING,
      async (test) => {
        const server = await startRedisServer();
        test.after(() => server.close());
        return () =>
          new RedisJobStore({ url: server.url, maxCheckpoints: 3, lockMs: 400, timeoutMs: 10_000 });
      },
    ],
  ];

for (const [name, skip, make] of stores) {
  describe(`jobs in ${name}`, { skip }, () => {
    it('keep the last checkpoints newest first, the calls in order, and one lock for each job', async (t) => {
      const open = await make(t);
      const store = open();
      t.after(() => store.close());
      assert.deepEqual(
        [await store.jobs(), await store.checkpoints('a'), await store.records('a')],
        [[], [], []],
      );
      for (let sequence = 1; sequence <= 5; sequence += 1)
        await store.save('a', sequence, `{"checkpoint":${sequence}}`);
      await store.save('a', 5, '{"checkpoint":"5 again"}');
      await store.save('b', 1, '{"ünï":"cødé\\n"}');
      await store.append('a', 'one');
      await store.append('a', 'two');
      const other = open();
      t.after(() => other.close());
      assert.deepEqual(await other.jobs(), ['a', 'b']);
      assert.deepEqual(
        (await other.checkpoints('a')).map(({ sequence, text }) => [sequence, text]),
        [
          [5, '{"checkpoint":"5 again"}'],
          [4, '{"checkpoint":4}'],
          [3, '{"checkpoint":3}'],
        ],
      );
      assert.equal((await other.checkpoints('b'))[0]?.text, '{"ünï":"cødé\\n"}');
      assert.deepEqual([await other.records('a'), await other.records('b')], [['one', 'two'], []]);
      assert.equal(await other.isLocked('a'), false);
      const lock = await store.lock('a');
      assert.deepEqual(
        [await other.isLocked('a'), await other.isLocked('b'), lock.signal.aborted],
        [true, false, false],
      );
      if (name !== 'Redis') await assert.rejects(other.lock('a'), { code: 'token_budget_job_running' });
      await lock.release();
      await (await other.lock('a')).release();
    });

    it('resume a job in a second run', async (t) => {
      const open = await make(t);
      const jobs = open();
      t.after(() => jobs.close());
      const { ledger } = await openJobStores({ store: 'memory', directory: directoryOf(t) });
      const run = (stop: boolean) =>
        runJob(
          {
            name: 'test',
            steps: [
              { name: 'a', run: () => 'A' },
              {
                name: 'b',
                run: () => {
                  if (stop) throw new Error('stop');
                  return 'B';
                },
              },
            ],
          },
          {},
          { id: 'whole', stores: { ledger, jobs }, handleSignals: false },
        );
      assert.equal((await run(true)).reason, 'error');
      const result = await run(false);
      assert.deepEqual([result.outputs, result.time.runs], [{ a: 'A', b: 'B' }, 2]);
    });
  });
}

describe('the lock of a job in Redis', { skip: REDIS_MISSING }, () => {
  it('ends with its lease, and a process that lost it can save no checkpoint', async (t) => {
    const server = await startRedisServer();
    t.after(() => server.close());
    const open = (lockMs: number) => new RedisJobStore({ url: server.url, lockMs, timeoutMs: 10_000 });
    const [first, second] = [open(60_000), open(60_000)];
    t.after(() => Promise.all([first.close(), second.close()]));
    const lock = await first.lock('a');
    // Ends the lease.
    const ending = open(60_000);
    t.after(() => ending.close());
    await deleteKey(server.url, '{token-budget}:job:lock:a');
    const newLock = await second.lock('a');
    await assert.rejects(first.save('a', 1, '{}'), { code: 'token_budget_job_running' });
    await second.save('a', 1, '{}');
    await lock.release();
    assert.equal(await second.isLocked('a'), true, 'a lost lock is not released by its former holder');
    await newLock.release();
  });
});

async function deleteKey(url: string, key: string): Promise<void> {
  const { createClient } = await import('redis');
  const client = createClient({ url });
  await client.connect();
  await client.del(key);
  client.destroy();
}

describe('jobs in files', () => {
  it('are readable only by their owner, and leave no temporary file', async (t) => {
    const store = new FileJobStore(directoryOf(t));
    await store.save('a', 1, '{}');
    await store.append('a', 'one');
    const directory = join(store.location, 'a');
    assert.deepEqual(readdirSync(directory).sort(), ['calls.jsonl', 'checkpoint-000000001.json']);
    if (process.platform === 'win32') return;
    assert.equal(statSync(directory).mode & 0o077, 0);
    for (const file of readdirSync(directory)) assert.equal(statSync(join(directory, file)).mode & 0o077, 0);
  });

  it('skip a record that was cut short', async (t) => {
    const store = new FileJobStore(directoryOf(t));
    store.append('a', 'one');
    appendFileSync(join(store.location, 'a', 'calls.jsonl'), 'tw');
    assert.deepEqual(await store.records('a'), ['one']);
  });

  it('preserve the last checkpoint if the next cannot be written', {
    skip: process.getuid?.() === 0 && 'root can write anywhere',
  }, async (t) => {
    const store = new FileJobStore(directoryOf(t));
    await store.save('a', 1, '{}');
    chmodSync(join(store.location, 'a'), 0o500);
    await assert.rejects(store.save('a', 2, '{}'), { code: 'token_budget_store' });
    chmodSync(join(store.location, 'a'), 0o700);
    assert.equal((await store.checkpoints('a')).length, 1);
  });

  it('name the directory that cannot be written', async (t) => {
    const path = join(directoryOf(t), 'file');
    writeFileSync(path, '');
    await assert.rejects(new FileJobStore(path).save('a', 1, '{}'), /The jobs in .* cannot be written/);
  });

  it('write a checkpoint to a temporary file, sync it, and rename it', {
    skip: !existsSync('/usr/bin/strace') && 'strace is not installed',
  }, async (t) => {
    const directory = directoryOf(t);
    mkdirSync(directory, { recursive: true });
    const trace = join(directory, 'trace');
    const script = `
      const { FileJobStore } = await import(${JSON.stringify(jobsPath)});
      await new FileJobStore(${JSON.stringify(join(directory, 'jobs'))}).save('a', 1, '{}');`;
    const child = spawn('/usr/bin/strace', [
      '-f',
      '-e',
      'trace=fsync,rename,renameat,renameat2',
      '-o',
      trace,
      NODE,
      '--input-type=module',
      '-e',
      script,
    ]);
    await once(child, 'close');
    const calls = readFileSync(trace, 'utf8').match(/\b(fsync|rename\w*)\(/g) ?? [];
    assert.deepEqual(
      calls.map((call) => call.replace(/\d*\($/, '')),
      ['fsync', 'rename', 'fsync'],
    );
  });

  it('are unlocked when their holder dies', async (t) => {
    const directory = directoryOf(t);
    const script = `
      const { FileJobStore } = await import(${JSON.stringify(jobsPath)});
      await new FileJobStore(${JSON.stringify(directory)}).lock('a');
      console.log('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(NODE, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const store = new FileJobStore(directory);
    assert.equal(await store.isLocked('a'), true);
    await assert.rejects(store.lock('a'), { code: 'token_budget_job_running' });
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.equal(await store.isLocked('a'), false);
    await (await store.lock('a')).release();
  });
});
