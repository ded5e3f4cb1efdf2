import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { SourceFunction } from '../scripts/trace-call/build.ts';
import { HELPERS, isHelper } from '../scripts/trace-call/helpers.ts';
import { instrument } from '../scripts/trace-call/instrument.ts';
import { countsOf, treeOf } from '../scripts/trace-call/measure.ts';
import { REPO_ROOT } from './support/paths.ts';

/** Every kind of function, and what it names itself. */
const SAMPLE = `#!/usr/bin/env node
class Box extends Object {
  #held = () => ({ kept: true });
  constructor() { super(); }
  get size() { return 1; }
  #hidden() { return this.#held().kept; }
  async open() { return [1, 2].map((n) => n + this.size).concat(this.#hidden()); }
  static *each() { yield 1; }
}
const add = (a) => (b) => a + b;
const { text, later } = { text: (x = () => 'é') => x(), later: async function () { return add(1)(2); } };
export function main() {
  return { text: text(), later, box: new Box(), each: [...Box.each()] };
}
`;

describe('an instrumented module', () => {
  const entered: number[] = [];
  const { text, functions } = instrument(
    SAMPLE,
    'import { enter as __enter } from "data:text/javascript,export const enter = globalThis.enterSample";',
    0,
  );
  const named = () => entered.splice(0).map((id) => functions[id]?.name);

  it('does what it did, and says which functions are entered', async () => {
    Object.assign(globalThis, { enterSample: (id: number) => entered.push(id) });
    const { main } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
      main: () => {
        text: string;
        later: () => Promise<number>;
        box: { open: () => Promise<unknown[]> };
        each: number[];
      };
    };
    const made = main();
    assert.deepEqual([made.text, made.each], ['é', [1]]);
    assert.deepEqual(named(), ['main', 'text', 'x', 'Box.constructor', 'Box.each']);
    assert.equal(await made.later(), 3);
    assert.deepEqual(named(), ['later', 'add', 'callback']);
    assert.deepEqual(await made.box.open(), [2, 3, true]);
    assert.deepEqual(named(), [
      'Box.open',
      'callback',
      'Box.size',
      'callback',
      'Box.size',
      'Box.#hidden',
      'Box.#held',
    ]);
  });

  it('keeps its lines, and knows getters and what a function is written in', () => {
    assert.deepEqual(
      text
        .split('\n')
        .slice(0, -2)
        .map((line) => line.replaceAll(/ ?\(?__enter\(\d+\)[;,] ?/g, '').length > 0),
      SAMPLE.split('\n')
        .map((line) => line.length > 0)
        .slice(0, -1)
        .concat(false),
    );
    assert.deepEqual(
      functions.filter(({ isGetter }) => isGetter).map(({ name }) => name),
      ['Box.size'],
    );
    assert.deepEqual(functions.find(({ within }) => within.includes('Box.open'))?.within, ['Box.open']);
  });
});

const functionOf = (file: string, name: string, more: Partial<SourceFunction> = {}): SourceFunction => ({
  file,
  name,
  isGetter: false,
  within: [],
  start: 0,
  end: 0,
  ...more,
});

describe('the counts', () => {
  const functions = [
    functionOf('a/one.ts', 'first'),
    functionOf('a/two.ts', 'second'),
    functionOf('b/three.ts', 'third'),
    functionOf('util/any.ts', 'isRecord'),
    functionOf('b/three.ts', 'Third.size', { isGetter: true }),
    functionOf('util/async/maybe-promise.ts', 'callback', { within: ['andThen'] }),
  ];
  // Each function is at the line of its number.
  const build = { functions, functionAt: ({ line }: { line: number }) => line };
  const entry = (id: number, by?: number) => ({
    id,
    ...(by === undefined ? {} : { caller: { file: '', line: by, column: 1 } }),
  });
  const entries = [
    entry(0),
    entry(1, 0),
    entry(3, 1),
    entry(5, 1),
    entry(2, 5),
    entry(4, 2),
    entry(2, 0),
    entry(0),
  ];

  it('leave helpers out, and count what differs from the one before', () => {
    const counts = countsOf(entries, functions);
    assert.deepEqual(counts, {
      entries: 8,
      withoutHelpers: 5,
      files: 3,
      changesOfFile: 3,
      changesOfFolder: 2,
    });
  });

  it('are shown as a tree in which what a helper calls is below the caller of the helper', () => {
    const lines = [
      'first  a/one.ts',
      '  second  a/two.ts',
      '    third  b/three.ts',
      '  third',
      'first  a/one.ts',
      '',
      '',
    ];
    assert.equal(treeOf(entries, { ...build, exported: () => '' }), lines.join('\n'));
  });

  it('know a helper in any folder', () => {
    for (const { folder = 'any/where', file, name } of HELPERS) {
      assert.ok(isHelper(functionOf(`${folder}/${file ?? 'x.ts'}`, name ?? 'x')), file ?? name ?? folder);
    }
    assert.ok(!isHelper(functionOf('any/utility/x.ts', 'x')));
    assert.ok(!isHelper(functionOf('any/not-values.ts', 'isRecordOf')));
  });
});

describe('npm run trace:call', () => {
  it('prints the same in every run', () => {
    const [first, second] = [run(), run()];
    assert.match(first, /^a chat call that is admitted +\d{2,}( +\d{2,}){4}$/m);
    assert.equal(withoutEntries(second), withoutEntries(first));
  });

  /** The ledger's file of a job is looked at by the clock, which adds entries; all other columns are the same. */
  function withoutEntries(table: string): string {
    return table.replace(/^(a job that resumes, .*?) +\d+((?: +\d+){4})$/m, '$1$2');
  }

  function run(): string {
    const script = join(REPO_ROOT, 'scripts', 'trace-call', 'main.ts');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  }
});
