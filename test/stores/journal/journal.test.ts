import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Amounts, defineBudget, NOTHING, type Store, StoreError } from '../../../src/budget/index.ts';
import { Journal } from '../../../src/stores/journal/journal.ts';
import { Owed } from '../../../src/stores/journal/owed.ts';
import { MemoryStore } from '../../../src/stores/memory-store.ts';
import { amounts } from '../../budget/helpers.ts';
import { chain, job, used } from '../fake-store.ts';

function open(test: TestContext, directory = mkdtempSync(join(tmpdir(), 'journals-'))) {
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  const problems: string[] = [];
  const journal = new Journal(directory, (problem) => problems.push(problem));
  return { directory, journal, problems, files: () => readdirSync(directory).sort() };
}

/** Lets a journal's file look as if its process had ended. */
function orphan(directory: string): string {
  const [name = ''] = readdirSync(directory);
  const [id = '', , , place = '', end = ''] = name.split('.');
  const path = join(directory, `${id}.4194305.1.${place}.${end}`);
  writeFileSync(path, readFileSync(join(directory, name)));
  rmSync(join(directory, name));
  return path;
}

/** A store that makes charges and loses some of the answers. */
function losing(memory: MemoryStore, lost: readonly number[]): Store {
  let calls = 0;
  return new Proxy(memory, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      if (name !== 'chargeOnce') return method.bind(target);
      return async (...args: unknown[]) => {
        const answer: unknown = method.apply(target, args);
        calls += 1;
        if (lost.includes(calls)) throw new StoreError('the answer was lost');
        return answer;
      };
    },
  });
}

const settled = (store: MemoryStore, budget = job): Amounts => store.balances(budget).settled;

describe('the journal of what is owed', () => {
  it('is a file for its owner alone, which ends with what is owed', async (test) => {
    const { journal, directory, files } = open(test);
    const store = new MemoryStore();
    await journal.admit('a', chain, used(100));
    assert.equal(files().length, 1);
    assert.equal(statSync(join(directory, files()[0] ?? '')).mode & 0o777, 0o600);
    await journal.book(store);
    assert.deepEqual([settled(store), files().length], [NOTHING, 1]);
    journal.settle('a', used(60));
    await journal.book(store);
    assert.deepEqual([settled(store), journal.isEmpty, files()], [used(60), true, []]);
    await journal.admit('b', chain, used(100));
    journal.settle('b', used(5));
    await journal.book(store);
    assert.deepEqual(settled(store), amounts({ tokens: 65, calls: 2 }));
  });

  it('is booked once, whichever answers are lost', async (test) => {
    for (const lost of [[1], [2], [1, 2, 3]]) {
      const { journal } = open(test);
      const memory = new MemoryStore();
      const store = losing(memory, lost);
      for (const id of ['a', 'b', 'c']) {
        await journal.admit(id, chain, used(100));
        journal.settle(id, used(10));
        await journal.book(store).catch(() => undefined);
      }
      for (let tries = 0; !journal.isEmpty && tries < 5; tries += 1)
        await journal.book(store).catch(() => undefined);
      assert.deepEqual(settled(memory), amounts({ tokens: 30, calls: 3 }), `lost: ${lost}`);
      assert.ok(journal.isEmpty);
    }
  });

  it('keeps one sum of what a long outage costs', async () => {
    const owed = new Owed('journal');
    for (let call = 0; call < 1_000; call += 1) {
      owed.add({ kind: 'admit', id: `${call}`, chain, worst: used(100), at: 0 });
      owed.add({ kind: 'settle', id: `${call}`, used: used(2) });
    }
    const [debt] = owed.debts.values();
    assert.deepEqual(debt?.due, [{ position: 2_000, used: amounts({ tokens: 2_000, calls: 1_000 }) }]);
    assert.equal(owed.open.size, 0);
  });

  it('of a process that ended is booked by another, with its open calls in full', async (test) => {
    const { journal, directory } = open(test);
    const store = new MemoryStore();
    await journal.admit('ended', chain, used(100));
    journal.settle('ended', used(60));
    await journal.admit('renamed', chain, used(100));
    journal.rename('renamed', 'batch_1');
    await journal.admit('cut', chain, used(100));
    journal.charge('once', chain, used(7));
    orphan(directory);
    const other = open(test, directory);
    await other.journal.bookAbandoned(store);
    assert.deepEqual(settled(store), amounts({ tokens: 60 + 100 + 100 + 7, calls: 4 }));
    assert.deepEqual(other.files(), []);
  });

  it('is booked once by several processes in turn, of which the first ended in between', async (test) => {
    const { journal, directory } = open(test);
    const memory = new MemoryStore();
    for (const id of ['a', 'b', 'c']) await journal.admit(id, chain, used(100));
    journal.settle('a', used(1));
    journal.settle('b', used(2));
    await journal.book(memory);
    journal.settle('c', used(3));
    orphan(directory);
    const second = open(test, directory);
    await assert.rejects(second.journal.bookAbandoned(losing(memory, [1, 2])), StoreError);
    orphan(directory);
    const third = open(test, directory);
    await third.journal.bookAbandoned(memory);
    assert.deepEqual(settled(memory), amounts({ tokens: 6, calls: 3 }));
    assert.deepEqual(third.files(), []);
  });

  it('is left to its process while that runs, or may run elsewhere', async (test) => {
    const { journal, directory, files } = open(test);
    await journal.admit('a', chain, used(100));
    const [name = ''] = files();
    const elsewhere = join(directory, 'elsewhere.1.1.0123456789abcdef.jsonl');
    writeFileSync(elsewhere, readFileSync(join(directory, name)));
    const store = new MemoryStore();
    const other = open(test, directory);
    await other.journal.bookAbandoned(store);
    assert.deepEqual(settled(store), NOTHING);
    assert.equal(files().length, 2);
  });

  it('that was adopted while the store was unavailable is booked by the same process later', async (test) => {
    const { journal, directory } = open(test);
    await journal.admit('a', chain, used(100));
    journal.settle('a', used(60));
    await journal.admit('cut', chain, used(100));
    orphan(directory);
    const memory = new MemoryStore();
    const other = open(test, directory);
    await assert.rejects(other.journal.bookAbandoned(losing(memory, [1])), StoreError);
    await other.journal.bookAbandoned(memory);
    assert.deepEqual(settled(memory), amounts({ tokens: 160, calls: 2 }));
    assert.deepEqual([other.files(), other.problems], [[], []]);
  });

  it('has a torn last line, of a call that was never sent', async (test) => {
    const { journal, directory } = open(test);
    await journal.admit('a', chain, used(100));
    appendFileSync(orphan(directory), '{"kind":"admit","id":"b","chain":[{"na');
    const store = new MemoryStore();
    await open(test, directory).journal.bookAbandoned(store);
    assert.deepEqual(settled(store), used(100));
  });

  it('that is damaged is kept and reported, and does not keep others from being booked', async (test) => {
    const { journal, directory } = open(test);
    await journal.admit('a', chain, used(100));
    const path = orphan(directory);
    writeFileSync(path.replace(/[^/]*\.4194305/, '00000000.4194305'), 'not an entry\n{"kind":"settle"}\n');
    const store = new MemoryStore();
    const other = open(test, directory);
    await other.journal.bookAbandoned(store);
    assert.deepEqual(settled(store), used(100));
    assert.match(
      other.problems[0] ?? '',
      /00000000.*cannot be booked \(line 1 is not an entry of a journal\)/,
    );
    assert.equal(other.files().length, 1);
  });

  it('is kept in memory where no file can be written, which is reported once, with what is at risk', async (test) => {
    const file = join(mkdtempSync(join(tmpdir(), 'journals-')), 'a file');
    writeFileSync(file, '');
    const { journal, problems } = open(test, join(file, 'below'));
    const store = new MemoryStore();
    await journal.admit('a', chain, used(100));
    await journal.admit('b', chain, used(100));
    journal.settle('a', used(60));
    assert.match(
      problems.join('\n'),
      /^the journal in .*below cannot be written \(.*\): what calls cost .* is lost/,
    );
    assert.deepEqual(journal.atRisk, amounts({ tokens: 160, calls: 2 }));
    journal.reportLoss();
    assert.match(problems[1] ?? '', /no journal can be written: \$0.* and 160 tokens are lost/);
    journal.settle('b', used(5));
    await journal.book(store);
    assert.deepEqual([settled(store), journal.atRisk], [amounts({ tokens: 65, calls: 2 }), NOTHING]);
  });

  it('charges the windows in which the calls were made', async (test) => {
    let now = Date.UTC(2030, 0, 1, 12);
    test.mock.timers.enable({ apis: ['Date'], now });
    const daily = defineBudget({
      name: 'daily',
      limits: { tokens: 100 },
      window: { per: 'day', timeZone: 'UTC' },
    });
    const { journal, directory } = open(test);
    await journal.admit('a', [daily], used(10));
    orphan(directory);
    now = Date.UTC(2030, 0, 2, 12);
    test.mock.timers.setTime(now);
    const names: { at: number }[] = [];
    const store = new MemoryStore(() => now);
    store.chargeOnce = (_, __, name) => {
      names.push(name);
      return name.position;
    };
    await open(test, directory).journal.bookAbandoned(store);
    assert.deepEqual(
      names.map(({ at }) => at),
      [Date.UTC(2030, 0, 1, 12)],
    );
  });
});
