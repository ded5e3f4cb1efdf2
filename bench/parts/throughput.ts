import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { SpendOptions, SpendResult } from '../apps/spend.ts';
import { runCrowd } from '../harness/crowd.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { PEERS, ROOT, versionOf } from '../harness/processes.ts';
import { type RedisAt, withRedis } from '../harness/redis.ts';
import { median, percentile } from '../harness/rounds.ts';
import { AGENTS, measureFleet } from './fleet.ts';

const ROUNDS = 3;
const ROUND_MS = 1_000;
const WARM_UP_MS = 500;
/** Where starting takes longer than measuring. */
const LONG_ROUND_MS = 3_000;
/** Calls under way at once in a process. */
export const WORKERS = 8;
export const MANY_BUDGETS = 10_000;

interface Case {
  readonly processes: number;
  readonly budgets: number;
  readonly rounds: number;
}

const CASES: readonly Case[] = [
  { processes: 1, budgets: 1, rounds: ROUNDS },
  { processes: 4, budgets: 1, rounds: ROUNDS },
  { processes: 16, budgets: 1, rounds: 1 },
  { processes: 64, budgets: 1, rounds: 1 },
  { processes: 4, budgets: MANY_BUDGETS, rounds: 1 },
];

/** How many processes of Python are started at most: each takes seconds of a processor for that. */
const LITELLM_PROCESSES = 16;

type By = SpendOptions['by'] | 'LiteLLM';

interface Measured {
  readonly perSecond: number;
  readonly scripts: number;
  readonly p99Us: number;
  /** What a budget takes in Redis; not a number where there is one. */
  readonly budgetBytes: number;
}

export const throughput: Part = {
  name: 'throughput',
  title: 'A budget that many share',
  method:
    'Admissions a second, of all processes together, and the 99th percentile of the time that one waits, on one Redis of the same machine. ' +
    `Each process has ${WORKERS} calls under way, which reserve, and settle at once; processes and Redis share the processors, so ` +
    `more processes than processors measure how it holds up and not what more machines would give. ${ROUNDS} rounds of ${ROUND_MS / 1_000} s each, ` +
    `interleaved, ${WARM_UP_MS / 1_000} s to warm up before each; medians. With 16 processes and more, and with ${MANY_BUDGETS.toLocaleString('en')} budgets (of which each process has a part, and takes one at random for each call), one round of ${LONG_ROUND_MS / 1_000} s. ` +
    '`rate-limiter-flexible` and LiteLLM’s counter add what was spent to a number, and hold no reservation. ' +
    `*At the pace of agents*: ${AGENTS} processes share one budget, and each makes a call, waits for it, and pauses; scripts are those that Redis ran for all that they did, ` +
    'in the background as well, and *refused* is the first refusal of a budget that is spent to its end.',
  run: (context) => withRedis((redis) => (redis === undefined ? withoutRedis() : measure(context, redis))),
};

async function withoutRedis(): Promise<PartResult> {
  const notes = ['Not measured: no redis-server or valkey-server was found.'];
  return { tables: [], notes, figures: {} };
}

async function measure(context: Context, redis: RedisAt): Promise<PartResult> {
  const { quick, progress } = context;
  const litellm = litellmVersion();
  const who: readonly (readonly [By, string])[] = [
    ['local quotas', 'ours, local quotas'],
    ['each call', 'ours, each call in Redis'],
    ['rate-limiter-flexible', `rate-limiter-flexible ${versionOf('rate-limiter-flexible', PEERS)}`],
    ...(litellm === undefined ? [] : [['LiteLLM', `LiteLLM ${litellm.version}, counter`] as const]),
  ];
  const cases = CASES.filter(({ processes }) => !quick || processes <= 4);
  const measured = new Map<string, Measured[]>();
  for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
    for (const one of cases.filter(({ rounds }) => round < rounds)) {
      for (const [by] of who) {
        if (by === 'LiteLLM' && (round > 0 || one.processes > LITELLM_PROCESSES)) continue;
        const key = keyOf(by, one);
        measured.set(key, [
          ...(measured.get(key) ?? []),
          await spend(redis, litellm?.python, by, one, quick ? 500 : msOf(one)),
        ]);
        progress(`round ${round + 1}, ${key}`);
      }
    }
  }
  const middle = (by: By, one: Case, figure: keyof Measured): number =>
    median((measured.get(keyOf(by, one)) ?? []).map((result) => result[figure]));
  const columns = cases.map(
    ({ processes, budgets }) =>
      `${processes} process${processes === 1 ? '' : 'es'}${budgets === 1 ? '' : `, ${budgets.toLocaleString('en')} budgets`}`,
  );
  const rowsOf = (figure: keyof Measured, digits: number): string[][] =>
    who.map(([by, name]) => [
      name,
      ...cases.map((one) => {
        const value = middle(by, one, figure);
        return Number.isNaN(value) ? '' : value.toLocaleString('en', { maximumFractionDigits: digits });
      }),
    ]);
  const fleet = await measureFleet(context);
  const many = cases.find(({ budgets }) => budgets > 1);
  const budgetBytes = many === undefined ? Number.NaN : middle('each call', many, 'budgetBytes');
  return {
    tables: [
      { title: 'Admissions a second', head: ['', ...columns], rows: rowsOf('perSecond', 0) },
      { title: '99th percentile, µs', head: ['', ...columns], rows: rowsOf('p99Us', 0) },
      {
        title: 'Scripts that Redis ran, for each admission',
        head: ['', ...columns],
        rows: rowsOf('scripts', 2).slice(0, 2),
      },
      ...fleet.tables,
    ],
    notes: [
      `With ${MANY_BUDGETS.toLocaleString('en')} budgets each is called every few seconds: a local quota is reserved, settled and its balances read for a call or two, and costs Redis more than these calls without it.`,
      'What it means for a fleet of 10,000 agents, and for a budget that all of them share: [a fleet](scale.md).',
      `Redis: ${redis.version}. A budget takes ${budgetBytes.toFixed(0)} bytes there.`,
      litellm === undefined
        ? 'LiteLLM is a Python package and was not measured: `python3` (or the program that `BENCH_PYTHON` names) cannot import `litellm.caching.redis_cache`.'
        : `LiteLLM’s counter is the increment that its budget limiter makes for each answered call; one round of each, and none of more than ${LITELLM_PROCESSES} processes, which take minutes to start.`,
    ],
    figures: {
      ...Object.fromEntries(
        (['local quotas', 'each call'] as const).flatMap((by) =>
          cases.flatMap((one) => [
            [`admissions a second: ${keyOf(by, one)}`, middle(by, one, 'perSecond')],
            [`scripts per admission: ${keyOf(by, one)}`, middle(by, one, 'scripts')],
            [`p99 µs: ${keyOf(by, one)}`, middle(by, one, 'p99Us')],
          ]),
        ),
      ),
      'bytes of Redis per budget': budgetBytes,
      ...fleet.figures,
    },
  };
}

function keyOf(by: By, { processes, budgets }: Case): string {
  return `${by}, ${processes} processes, ${budgets} budgets`;
}

function msOf({ rounds }: Case): number {
  return rounds === 1 ? LONG_ROUND_MS : ROUND_MS;
}

async function spend(
  redis: RedisAt,
  python: string | undefined,
  by: By,
  { processes, budgets }: Case,
  ms: number,
): Promise<Measured> {
  const own = budgets === 1 ? 1 : Math.ceil(budgets / processes);
  const input = {
    url: redis.url,
    port: redis.port,
    by,
    budgets: own,
    workers: WORKERS,
    warmUpMs: WARM_UP_MS,
    ms,
  };
  const app = join(ROOT, 'bench', 'apps', by === 'LiteLLM' ? 'litellm_counter.py' : 'spend.ts');
  const program = by === 'LiteLLM' ? (python ?? 'python3') : process.execPath;
  const empty = await redis.memory();
  let before = 0;
  const results = await runCrowd<SpendResult>(program, [app, JSON.stringify(input)], processes, async () => {
    before = await redis.scripts();
  });
  const refused = results.reduce((sum, one) => sum + one.refused, 0);
  if (refused > 0) throw new Error(`${by}: ${refused} calls were refused, though the limit is far`);
  const admitted = results.reduce((sum, one) => sum + one.admitted, 0);
  return {
    perSecond: admitted / (ms / 1_000),
    scripts: ((await redis.scripts()) - before) / results.reduce((sum, one) => sum + one.all, 0),
    p99Us: percentile(
      results.flatMap(({ timesUs }) => timesUs),
      0.99,
    ),
    budgetBytes: budgets === 1 ? Number.NaN : ((await redis.memory()) - empty) / budgets,
  };
}

function litellmVersion(): { python: string; version: string } | undefined {
  const python = process.env['BENCH_PYTHON'] ?? 'python3';
  const code =
    'import importlib.metadata; from litellm.caching.redis_cache import RedisCache; print(importlib.metadata.version("litellm"))';
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? { python, version: stdout.trim() } : undefined;
}
