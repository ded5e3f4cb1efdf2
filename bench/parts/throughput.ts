import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { SpendOptions, SpendResult } from '../apps/spend.ts';
import { runCrowd } from '../harness/crowd.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { PEERS, ROOT, versionOf } from '../harness/processes.ts';
import { type RedisAt, withRedis } from '../harness/redis.ts';
import { median, percentile } from '../harness/rounds.ts';

const PROCESSES = [1, 4, 16, 64];
const MANY_BUDGETS = 10_000;

type By = SpendOptions['by'] | 'LiteLLM';

interface Measured {
  readonly perSecond: number;
  readonly commands: number;
  readonly p99Us: number;
}

export const throughput: Part = {
  name: 'throughput',
  title: 'A budget that many share',
  method:
    'Admissions a second, of all processes together, and the 99th percentile of the time that one waits, on one Redis of the same machine. ' +
    'Each process has 8 calls under way, which reserve, and settle at once; a process and Redis share the processors, so ' +
    'more processes than processors measure how it holds up and not what more machines would give. Three rounds of a second each, ' +
    'interleaved; medians. `rate-limiter-flexible` and LiteLLM’s counter count what was spent in one round trip, and hold no reservation.',
  run: (context) => withRedis((redis) => (redis === undefined ? withoutRedis() : measure(context, redis))),
};

async function withoutRedis(): Promise<PartResult> {
  const notes = ['Not measured: no redis-server or valkey-server was found.'];
  return { tables: [], notes, figures: {} };
}

async function measure({ quick, progress }: Context, redis: RedisAt): Promise<PartResult> {
  const litellm = litellmVersion();
  const who: readonly (readonly [By, string])[] = [
    ['slices', 'ours, slices'],
    ['each call', 'ours, each call in Redis'],
    ['rate-limiter-flexible', `rate-limiter-flexible ${versionOf('rate-limiter-flexible', PEERS)}`],
    ...(litellm === undefined ? [] : [['LiteLLM', `LiteLLM ${litellm.version}, counter`] as const]),
  ];
  const cases = [
    ...PROCESSES.filter((count) => !quick || count <= 4).map((processes) => ({ processes, budgets: 1 })),
    { processes: 4, budgets: MANY_BUDGETS },
  ];
  const measured = new Map<string, Measured[]>();
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    for (const { processes, budgets } of cases) {
      for (const [by] of who) {
        const options = { by, budgets, processes, ms: quick ? 500 : 1_000 };
        const key = keyOf(by, processes, budgets);
        measured.set(key, [...(measured.get(key) ?? []), await spend(redis, litellm?.python, options)]);
        progress(`round ${round + 1}, ${key.replaceAll('\n', ', ')}`);
      }
    }
  }
  const middle = (by: By, processes: number, budgets: number, figure: keyof Measured): number =>
    median((measured.get(keyOf(by, processes, budgets)) ?? []).map((one) => one[figure]));
  const columns = cases.map(({ processes, budgets }) =>
    budgets === 1
      ? `${processes} process${processes === 1 ? '' : 'es'}`
      : `${processes} processes, ${budgets.toLocaleString('en')} budgets`,
  );
  const rowsOf = (figure: keyof Measured, digits: number): string[][] =>
    who.map(([by, name]) => [
      name,
      ...cases.map(({ processes, budgets }) =>
        middle(by, processes, budgets, figure).toLocaleString('en', { maximumFractionDigits: digits }),
      ),
    ]);
  return {
    tables: [
      { title: 'Admissions a second', head: ['', ...columns], rows: rowsOf('perSecond', 0) },
      { title: '99th percentile, µs', head: ['', ...columns], rows: rowsOf('p99Us', 0) },
      {
        title: 'Scripts that Redis ran, for each admission',
        head: ['', ...columns],
        rows: rowsOf('commands', 2).slice(0, 2),
      },
    ],
    notes: [
      `Redis: ${redis.version}.`,
      litellm === undefined
        ? 'LiteLLM is a Python package and was not measured: `python3` (or the program that `BENCH_PYTHON` names) cannot import `litellm.caching.redis_cache`.'
        : 'LiteLLM’s counter is the increment that its budget limiter makes for each answered call.',
    ],
    figures: Object.fromEntries(
      (['slices', 'each call'] as const).flatMap((by) =>
        cases.flatMap(({ processes, budgets }) => {
          const name = `${by}, ${processes} processes, ${budgets} budgets`;
          return [
            [`admissions a second: ${name}`, middle(by, processes, budgets, 'perSecond')],
            [`commands per admission: ${name}`, middle(by, processes, budgets, 'commands')],
            [`p99 µs: ${name}`, middle(by, processes, budgets, 'p99Us')],
          ];
        }),
      ),
    ),
  };
}

function keyOf(by: By, processes: number, budgets: number): string {
  return [by, `${processes} processes`, `${budgets} budgets`].join('\n');
}

async function spend(
  redis: RedisAt,
  python: string | undefined,
  { by, budgets, processes, ms }: { by: By; budgets: number; processes: number; ms: number },
): Promise<Measured> {
  const own = budgets === 1 ? 1 : Math.ceil(budgets / processes);
  const input = { url: redis.url, port: redis.port, by, budgets: own, workers: 8, ms };
  const app = join(ROOT, 'bench', 'apps', by === 'LiteLLM' ? 'litellm_counter.py' : 'spend.ts');
  const program = by === 'LiteLLM' ? (python ?? 'python3') : process.execPath;
  let before = 0;
  const results = await runCrowd<SpendResult>(program, [app, JSON.stringify(input)], processes, async () => {
    before = await redis.scripts();
  });
  const refused = results.reduce((sum, one) => sum + one.refused, 0);
  if (refused > 0) throw new Error(`${by}: ${refused} calls were refused, though the limit is far`);
  const admitted = results.reduce((sum, one) => sum + one.admitted, 0);
  return {
    perSecond: admitted / (ms / 1_000),
    commands: ((await redis.scripts()) - before) / admitted,
    p99Us: percentile(
      results.flatMap(({ timesUs }) => timesUs),
      0.99,
    ),
  };
}

function litellmVersion(): { python: string; version: string } | undefined {
  const python = process.env['BENCH_PYTHON'] ?? 'python3';
  const code =
    'import importlib.metadata; from litellm.caching.redis_cache import RedisCache; print(importlib.metadata.version("litellm"))';
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? { python, version: stdout.trim() } : undefined;
}
