import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { defineBudget } from '../../src/budget/index.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { NODE } from '../support/paths.ts';
import { MAIN, testDirectory } from './run-cli.ts';

const SCRIPT_MISSING =
  spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0
    ? false
    : 'script, which makes a terminal, is not installed: apt-get install bsdutils';

/** The command on a terminal of that size. */
function onTerminal(columns: number, rows: number, words: string) {
  const command = `stty cols ${columns} rows ${rows}; exec '${NODE}' '${MAIN}' ${words}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) {
      await Promise.race([
        once(child.stdout, 'data'),
        once(child, 'exit').then(() => assert.match(text, pattern)),
      ]);
    }
  };
  return { child, until, text: () => text };
}

describe('top', { skip: SCRIPT_MISSING }, () => {
  const { path } = testDirectory();

  for (const [columns, key] of [
    [80, 'q'],
    [40, '\u0003'],
  ] as const) {
    it(`updates on ${columns} columns as money is spent, and restores the terminal`, async () => {
      const file = join(path, `${columns}.db`);
      const store = new SqliteStore(file);
      const budget = defineBudget({ name: 'live', limits: { costUsd: 1 } });
      await store.charge([budget], { costNanoUsd: 100_000_000, tokens: 10, calls: 1 });
      const { child, until, text } = onTerminal(columns, 12, `top --interval 0.2 --store 'sqlite:${file}'`);
      await until(/\$0\.10/);
      await store.charge([budget], { costNanoUsd: 400_000_000, tokens: 10, calls: 1 });
      await until(/\$0\.50/);
      // The rate is known after a second.
      await until(columns === 80 ? /\$\d[\d,.]+ +[\d.]+ s/ : /an hour, lasts [\d.]+ s/);
      child.stdin.write(key);
      const [code] = await once(child, 'close');
      assert.equal(code, 0);
      const shown = text();
      assert.ok(shown.startsWith('\u001b[?1049h\u001b[?25l'), 'on a screen of its own');
      assert.ok(shown.trimEnd().endsWith('\u001b[?25h\u001b[?1049l'), 'which it leaves');
      const screens = shown.split('\u001b[H').flatMap((screen) => screen.split('\n'));
      // Below the lines is the foot, which is put into the last line by itself.
      const lines = screens.map((line) =>
        stripVTControlCharacters(line.split('\u001b[J')[0] ?? '').trimEnd(),
      );
      assert.deepEqual(
        lines.filter((line) => line.length > columns),
        [],
      );
      await store.close();
    });
  }
});
