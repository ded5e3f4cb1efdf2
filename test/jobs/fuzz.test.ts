import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CheckpointError, wrapEnvelope } from '../../src/budget/index.ts';
import type { StepContext } from '../../src/jobs/definition.ts';
import type { JobResult } from '../../src/jobs/result/result.ts';
import { runJob } from '../../src/jobs/run-job.ts';
import { recoverJob } from '../../src/jobs/state/recovery.ts';
import { FileJobStore } from '../../src/jobs/stores/files.ts';
import { openJobStores } from '../../src/jobs/stores/open.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { randomOf } from '../support/spenders.ts';
import { directoryOf } from './support.ts';

const FILES = 1_000;
const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 1_000_000));

const STEPS = ['a', 'b', 'c', 'd'];

/** Steps that are charged 100 tokens each; with `stop`, the last one fails. */
function steps(stop: boolean) {
  return STEPS.map((name) => ({
    name,
    run: async ({ tracker }: StepContext) => {
      await tracker.recordUsage({ model: 'gpt-5.2', usage: { input: 60, output: 40 } });
      if (name === 'd' && stop) throw new Error('stop');
      return name;
    },
  }));
}

describe(`${FILES} checkpoints that are damaged, truncated, empty, foreign or of a later version (FUZZ_SEED=${SEED})`, () => {
  it('are skipped with a warning or rejected with the reason, and never lower the spending', async (t) => {
    const random = randomOf(SEED);
    const directory = directoryOf(t);
    const ledger = new SqliteStore(join(directory, 'ledger.db'));
    const jobs = new FileJobStore(join(directory, 'jobs'));
    t.after(() => ledger.close());
    const run = (stop: boolean): Promise<JobResult> =>
      runJob(
        { name: 'fuzzed', steps: steps(stop) },
        { tokenBudget: 10_000_000 },
        { id: 'fuzzed', stores: { ledger, jobs }, handleSignals: false },
      );
    await run(true);
    const place = join(jobs.location, 'fuzzed');
    const good = new Map(
      readdirSync(place)
        .filter((file) => file.startsWith('checkpoint'))
        .map((file) => [file, readFileSync(join(place, file), 'utf8')]),
    );
    const [newest = '', ...older] = [...good.keys()].sort().reverse();
    let spent = 400;
    const counts = { skipped: 0, newer: 0, another: 0, damaged: 0 };
    for (let n = 0; n < FILES; n += 1) {
      // Restores the older ones that the last round damaged.
      if (n % 10 < 2) for (const file of older) writeFileSync(join(place, file), good.get(file) ?? '');
      const bad = mutate(good.get(newest) ?? '', n, random);
      writeFileSync(join(place, newest), bad);
      // In some rounds all of them are damaged.
      if (n % 10 === 9)
        for (const file of older) writeFileSync(join(place, file), mutate(good.get(file) ?? '', n, random));
      let found: Awaited<ReturnType<typeof recoverJob>>;
      try {
        found = await recoverJob(jobs, 'fuzzed');
      } catch (error) {
        assert.ok(error instanceof CheckpointError, `${n}: ${error instanceof Error ? error.stack : error}`);
        assert.match(error.message, /checkpoint/i);
        counts[error.fault === 'foreign' ? 'damaged' : error.fault] += 1;
        // A checkpoint that cannot be used is left as it was, and so is the ledger.
        if (n % 4 === 1) await assert.rejects(run(false), CheckpointError);
        assert.equal(readFileSync(join(place, newest), 'utf8'), bad);
        continue;
      }
      // The mutation may have had no effect.
      if (bad === good.get(newest)) continue;
      assert.ok(found.warnings.length > 0, `${n}: used as it was`);
      counts.skipped += 1;
      // Runs only some of them, which takes longer.
      if (n % 40 !== 0) continue;
      const result = await run(n % 80 === 0);
      assert.ok(result.warnings.length === found.warnings.length);
      assert.ok(result.charged.tokens >= spent, `${n}: ${result.charged.tokens} after ${spent}`);
      spent = result.charged.tokens;
      for (const file of readdirSync(place))
        if (file.startsWith('checkpoint') && !good.has(file)) rmSync(join(place, file));
    }
    t.diagnostic(JSON.stringify(counts));
    for (const [what, count] of Object.entries(counts)) assert.ok(count > 0, `none was ${what}`);
  });

  it('cannot lower a ledger in memory below the checkpoint or the records of calls', async (t) => {
    const random = randomOf(SEED + 1);
    const directory = directoryOf(t);
    for (let n = 0; n < 20; n += 1) {
      const id = `fuzzed-${n}`;
      const run = async (stop: boolean) => {
        const stores = await openJobStores({ store: 'memory', directory });
        return runJob(
          { name: 'fuzzed', steps: steps(stop) },
          { tokenBudget: 10_000 },
          { id, stores, handleSignals: false },
        );
      };
      await run(true);
      const place = join(directory, id);
      const [newest = ''] = readdirSync(place)
        .filter((file) => file.startsWith('checkpoint'))
        .sort()
        .reverse();
      const text = readFileSync(join(place, newest), 'utf8');
      writeFileSync(join(place, newest), text.slice(0, Math.floor(random() * (text.length - 1))));
      const result = await run(false);
      assert.deepEqual([result.reason, result.charged.tokens, result.warnings.length], ['completed', 500, 1]);
    }
  });
});

/** Damages a checkpoint in one of many ways. */
function mutate(text: string, n: number, random: () => number): string {
  const at = Math.floor(random() * text.length);
  const sealed = JSON.parse(text) as {
    format: string;
    version: number;
    checksum: string;
    body: Record<string, unknown>;
  };
  const resealed = (body: unknown): string => JSON.stringify(wrapEnvelope(body, sealed));
  const ways: readonly (() => string)[] = [
    () => '',
    () => text.slice(0, at),
    () => `${text.slice(0, at)}${text.slice(at + 1 + Math.floor(random() * 50))}`,
    () => `${text.slice(0, at)}${String.fromCharCode(32 + Math.floor(random() * 95))}${text.slice(at + 1)}`,
    () => `${text.slice(0, at)}\u0000\u0000\u0000\u0000${text.slice(at + 4)}`,
    () => text.replace(/"(tokens|costNanoUsd|calls)":\d+/g, '"$1":0'),
    () => `${text}${text}`,
    () => JSON.stringify({ ...sealed, version: 2 + Math.floor(random() * 1_000) }),
    () => JSON.stringify({ ...sealed, version: [-1, 0, 1.5, '1', null][n % 5] }),
    () => JSON.stringify({ ...sealed, format: 'another-program/job' }),
    () => JSON.stringify({ name: 'another-program', version: '1.0.0' }),
    () => ['null', '[]', '7', '"text"', 'true', '{}'][n % 6] ?? '',
    () => resealed({ ...sealed.body, job: 'another' }),
    () => resealed({ ...sealed.body, run: -1 }),
    () => resealed({ ...sealed.body, steps: 'none' }),
    () => resealed({ ...sealed.body, tracker: {} }),
    () => resealed({ ...sealed.body, unknown: true }),
    () => '['.repeat(20_000),
    () =>
      `{"format":"otel-token-budget/job","version":1,"checksum":"","body":${'['.repeat(9_000)}${']'.repeat(9_000)}}`,
    () =>
      Buffer.from(
        Buffer.from(text).map((byte) => (random() < 0.01 ? Math.floor(random() * 256) : byte)),
      ).toString('latin1'),
  ];
  return ways[Math.floor(random() * ways.length)]?.() ?? '';
}
