import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type BudgetDefinition,
  defineBudget,
  type FailurePolicy,
  type Store,
  StoreError,
} from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { ResilientStore } from '../../src/stores/resilient-store.ts';
import type { MaybePromise } from '../../src/util/index.ts';
import { amounts, reserveOf, TERMS } from '../budget/helpers.ts';

export const team = defineBudget({ name: 'team', limits: { tokens: 5_000 } });
export const job = defineBudget({ name: 'job', limits: { tokens: 1_000 }, parent: team });
export const chain: readonly BudgetDefinition[] = [job, team];
export const used = (tokens: number) => amounts({ tokens, calls: 1 });
export const request = (outputCap = 100) => ({ ...reserveOf({ outputCap }), ...TERMS });

export async function flush(): Promise<void> {
  for (let n = 0; n < 30; n += 1) await new Promise((done) => setImmediate(done));
}

/** A memory store that works, fails, throws at once, or hangs until it is resumed. */
export class FakeStore {
  readonly memory = new MemoryStore();
  readonly calls: string[] = [];
  how: 'well' | 'fails' | 'throws' | 'hangs' = 'well';
  /** What it fails with. */
  error = new StoreError('failed');
  /** After this many calls it works again, so that nothing loops forever. */
  most = Number.POSITIVE_INFINITY;
  /** The reservations that it was asked to settle while it worked. */
  readonly settled = new Set<unknown>();
  readonly #held: (() => void)[] = [];

  readonly store: Store = new Proxy(this.memory, {
    get: (memory, name) => {
      const method: unknown = Reflect.get(memory, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]): unknown => {
        if (name === 'settle' && this.how === 'well') this.settled.add(args[0]);
        return this.#answer(String(name), () => method.apply(memory, args));
      };
    },
  });

  /** Works again, and finishes what hung. */
  async resume(): Promise<void> {
    this.how = 'well';
    for (const held of this.#held.splice(0)) held();
    await flush();
  }

  count(name: string): number {
    return this.calls.filter((one) => one === name).length;
  }

  #answer(name: string, run: () => unknown): unknown {
    this.calls.push(name);
    if (this.calls.length > this.most) this.how = 'well';
    if (this.how === 'throws') throw new StoreError('failed at once');
    return this.#later(this.how, run);
  }

  async #later(how: string, run: () => unknown): Promise<unknown> {
    await new Promise((done) => setImmediate(done));
    if (how === 'fails') throw this.error;
    if (how === 'hangs') await new Promise<void>((done) => this.#held.push(done));
    return run();
  }
}

export function resilient(test: TestContext, failurePolicy: FailurePolicy = 'open', waitMs = 250) {
  test.mock.timers.enable({ apis: ['setTimeout'] });
  const fake = new FakeStore();
  const changes: string[] = [];
  const journalDirectory = mkdtempSync(join(tmpdir(), 'journal-'));
  test.after(() => rmSync(journalDirectory, { recursive: true }));
  const problems: string[] = [];
  const setupErrors: string[] = [];
  const store = new ResilientStore(fake.store, {
    failurePolicy,
    waitMs,
    journalDirectory,
    onProblem: (problem) => problems.push(problem),
    onSetupError: ({ message }) => setupErrors.push(message),
    onChange: (available, cause) =>
      changes.push(
        available ? 'available' : `unavailable: ${cause instanceof Error ? cause.message : cause}`,
      ),
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      test.mock.timers.tick(Math.min(50, left));
      await flush();
    }
  };
  /** The tokens that each budget of the chain was charged, and its open reservations. */
  const ledger = (): number[] =>
    chain.flatMap((one) => {
      const { settled, open } = fake.memory.balances(one);
      return [settled.tokens, open];
    });
  /** The answer of a call that takes until the timeout. */
  const late = async <T>(answer: MaybePromise<T>): Promise<T> => {
    const [result] = await Promise.all([answer, flush().then(() => pass(600))]);
    return result;
  };
  return { fake, store, changes, problems, setupErrors, journalDirectory, pass, ledger, late };
}
