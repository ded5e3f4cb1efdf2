import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { defineBudget } from '../../src/budget/index.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { command, testDirectory } from './run-cli.ts';

/** Clears the screen, sets the title (by the 8-bit form, too), rings, hides what follows, reverses it. */
const HOSTILE = 'job\u001b[2J\u009b1;1H\u001b]0;owned\u0007\u001b[8m\r\n\u202etxt';

const ESCAPE = '\u001b';

/** What a terminal may act upon, apart from line ends. */
const CONTROL = /[^\P{Cc}\n]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

describe('names that contain escape sequences', () => {
  const { path, write } = testDirectory();
  const setting = `sqlite:${join(path, 'ledger.db')}`;
  const budget = defineBudget({ name: HOSTILE, limits: { costUsd: 2 } });

  before(async () => {
    const store = new SqliteStore(join(path, 'ledger.db'));
    await store.charge([budget], { costNanoUsd: 5, tokens: 5, calls: 1 });
    await store.close();
    write('settings.json', JSON.stringify({ budget: HOSTILE, limits: { costUsd: 1 } }));
    write('batch.jsonl', JSON.stringify({ model: HOSTILE, messages: [{ role: 'user', content: 'x' }] }));
    write(
      'other.json',
      JSON.stringify({ limits: { [HOSTILE]: 1 }, [HOSTILE]: 1, budget: { name: HOSTILE, window: HOSTILE } }),
    );
    write('called.mjs', 'process.exitCode = 0;');
  });

  const COMMANDS: Readonly<Record<string, readonly string[]>> = {
    'raise of a budget that does not exist': ['raise', 'nope', '--usd', '1', '--store', setting],
    'raise of a limit that does not exist': ['raise', HOSTILE, '--calls', '1', '--store', setting],
    raise: ['raise', HOSTILE, '--usd', '1', '--store', setting],
    reset: ['reset', HOSTILE, '--store', setting],
    status: ['status', '--store', setting],
    'status on a narrow terminal': ['status', '--store', setting],
    'status of a budget that does not exist': ['status', `${HOSTILE}x`, '--store', setting],
    report: ['report', setting, '--output', '-'],
    'report as JSON': ['report', setting, '--json'],
    'a wrong option': ['status', `--${HOSTILE}`],
    'a wrong command': [HOSTILE],
    'a wrong store': ['status', '--store', HOSTILE],
    confirm: ['confirm', '--store', setting],
    count: ['count', join(path, 'batch.jsonl')],
    price: ['price', HOSTILE],
    doctor: ['doctor', '--config', join(path, 'settings.json'), '--model', HOSTILE],
    'doctor of wrong settings': ['doctor', '--config', join(path, 'other.json')],
    'run with wrong settings': ['run', '--config', join(path, 'other.json'), '--', 'node', '-e', ''],
    'run of a command that does not exist': ['run', '--usd', '1', '--', HOSTILE],
    'run, with its summary': [
      'run',
      '--usd',
      '1',
      '--store',
      setting,
      '--',
      'node',
      join(path, 'called.mjs'),
    ],
    'a job that does not exist': ['job', 'run', HOSTILE],
    'a job of a wrong unit': ['job', 'run', 'x.mjs', '--unit', HOSTILE],
  };

  for (const [what, args] of Object.entries(COMMANDS)) {
    it(`do not reach the terminal: ${what}`, async () => {
      const env = { COLUMNS: what.includes('narrow') ? '40' : '120', NO_COLOR: '1' };
      const { stdout, stderr } = await command(args, { cwd: path, env });
      assert.ok(stdout + stderr !== '');
      for (const text of [stdout, stderr]) assert.doesNotMatch(text, CONTROL);
    });
  }

  it('do not reach the terminal with colors either', async () => {
    const { stdout } = await command(['status', '--store', setting], { env: { FORCE_COLOR: '1' } });
    const allowed = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');
    assert.doesNotMatch(stdout.replaceAll(allowed, ''), CONTROL);
    assert.ok(!stdout.includes('\u001b[8m'));
  });

  it('are names in JSON', async () => {
    const { stdout } = await command(['status', '--json', '--store', setting]);
    assert.ok(JSON.parse(stdout).some(({ name }: { name: string }) => name === HOSTILE));
    assert.doesNotMatch(stdout, CONTROL);
  });

  it('do not reach the terminal from the preload', async () => {
    const env = { TOKEN_BUDGET_CONFIG: join(path, 'other.json') };
    const { stderr } = await command(['run', '--', 'node', '-e', ''], { cwd: path, env });
    assert.doesNotMatch(stderr, CONTROL);
  });
});

describe('token-budget confirm', () => {
  const { path } = testDirectory();
  const job = defineBudget({ name: 'job', limits: { tokens: 100 } });
  const file = join(path, 'ledger.db');
  const stores: SqliteStore[] = [];
  after(async () => {
    for (const store of stores) await store.close();
  });

  it('creates a file that was deleted, and lets its processes go on', async () => {
    const { rmSync } = await import('node:fs');
    const store = new SqliteStore(file);
    stores.push(store);
    await store.charge([job], { costNanoUsd: 0, tokens: 90, calls: 1 });
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix);
    await assert.rejects(async () => store.balances(job), /token-budget confirm/);
    const status = await command(['status', '--store', `sqlite:${file}`]);
    assert.match(status.stderr, /There is no ledger/);
    const confirmed = await command(['confirm', '--store', `sqlite:${file}`]);
    assert.deepEqual([confirmed.code, confirmed.stderr], [0, '']);
    assert.match(
      confirmed.stdout,
      /^Confirmed sqlite:.*: calls are admitted by the balances that it has now\.\n$/,
    );
    assert.equal((await store.balances(job)).settled.tokens, 0);
    const json = await command(['confirm', '--json', '--store', `sqlite:${file}`]);
    assert.deepEqual(JSON.parse(json.stdout), { store: `sqlite:${file}`, confirmed: true });
  });
});
