import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type BudgetDefinition, defineBudget, StoreError } from '../../../src/budget/index.ts';
import { SqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { assertBalances, job, tokens } from '../contract-support.ts';

describe('the SQLite store on a full disk', () => {
  it('rejects, keeps what was committed, and works again when there is space', async (context) => {
    const disk = mkdtempSync(join(tmpdir(), 'otel-token-budget-disk-'));
    context.after(() => rmSync(disk, { recursive: true, force: true }));
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk], { encoding: 'utf8' });
    if (mount.status !== 0)
      return context.skip('a small tmpfs cannot be mounted here: this takes root on Linux');
    const path = join(disk, 'ledger.db');
    const store = new SqliteStore(path);
    // A reader, so that the log is not removed when the other closes the file.
    const other = new SqliteStore(path);
    try {
      await store.charge([job], tokens(5));
      await assertBalances(other, job, { settled: tokens(5) });
      const filler = join(disk, 'filler');
      fill(filler, 40 * 1_024);
      let charged = 1;
      const failures: unknown[] = [];
      const charge = async (budgets: readonly BudgetDefinition[]): Promise<void> => {
        const answer = Promise.resolve(store.charge(budgets, tokens(5)));
        await answer.then(
          () => {
            charged += 1;
          },
          (error) => failures.push(error),
        );
      };
      // The log fills the disk, is written back and starts over.
      for (let call = 0; call < 100; call += 1) await charge([job]);
      assert.ok(failures.length > 0 && failures.length < 10, `${failures.length} failures`);
      // New accounts need space that is not there.
      for (let call = 0; call < 400; call += 1) {
        await charge([job, defineBudget({ name: `${call} ${'x'.repeat(500)}`, limits: {} })]);
      }
      assert.ok(failures.length > 10, `${failures.length} failures`);
      for (const failure of failures) {
        assert.ok(failure instanceof StoreError, String(failure));
        assert.match(failure.message, /ledger\.db cannot grow: its disk is full\. Free some space/);
      }
      const settled = { costNanoUsd: 0, tokens: 5 * charged, calls: charged };
      for (const one of [store, other]) await assertBalances(one, job, { settled });
      rmSync(filler);
      const count = failures.length;
      await charge([job, defineBudget({ name: 'new', limits: {} })]);
      assert.equal(failures.length, count);
      await store.close();
      assert.ok(statSync(path).size > 0);
    } finally {
      for (const one of [store, other]) await one.close();
      spawnSync('umount', [disk]);
    }
  });
});

/** Fills a disk up to some bytes. */
function fill(file: string, left: number): void {
  const chunk = Buffer.alloc(4_096);
  for (;;) {
    try {
      writeFileSync(file, chunk, { flag: 'a' });
    } catch {
      truncateSync(file, statSync(file).size - left);
      return;
    }
  }
}
