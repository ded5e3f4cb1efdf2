import { join } from 'node:path';
import type { AgentOptions, AgentResult } from '../apps/agent.ts';
import { COST_NANO_USD } from '../apps/budgets.ts';
import { runCrowd } from '../harness/crowd.ts';
import type { Context, Table } from '../harness/part.ts';
import { ROOT } from '../harness/processes.ts';
import { type RedisAt, withRedis } from '../harness/redis.ts';
import { median } from '../harness/rounds.ts';

export const AGENTS = 8;

interface Pace {
  /** From one call to the next. */
  readonly seconds: number;
  /** The calls of each agent. */
  readonly calls: number;
  readonly callMs: number;
  /** Whether a call comes alone: what it leads to is over before the next, and is measured to its end. */
  readonly alone?: boolean;
}

const FAST: Pace = { seconds: 1, calls: 20, callMs: 300 };
const SLOWER: readonly Pace[] = [
  { seconds: 10, calls: 2, callMs: 3_000 },
  { seconds: 60, calls: 1, callMs: 3_000, alone: true },
];

/** How often agents call that a fleet is computed for, seconds from one call to the next. */
export const PACES: readonly number[] = [FAST, ...SLOWER].map(({ seconds }) => seconds);

/** How long after a call a local quota is certainly returned. */
const LATER_MS = 20_000;

/** How many calls an agent makes before it is measured, so that it has what it has while it goes on. */
const BEFORE = 3;

/** How many calls of the agents a budget pays for that is spent to its end. */
export const PAID_CALLS = 2_000;

const MODES = ['local quotas', 'each call'] as const;
type Mode = (typeof MODES)[number];

interface Paced {
  readonly scripts: number;
  readonly medianUs: number;
}

/** What agents ask of Redis at their pace, and who is refused when their budget ends. */
export async function measureFleet({
  quick,
  progress,
}: Context): Promise<{ tables: readonly Table[]; figures: Readonly<Record<string, number>> }> {
  const cases: readonly (readonly [Mode, Pace])[] = [
    // Without local quotas a call asks the same at every pace.
    ['each call', FAST],
    ['local quotas', FAST],
    ...(quick ? [] : SLOWER.map((pace) => ['local quotas', pace] as const)),
  ];
  // At once: they pause for the most part.
  const paced = await Promise.all(
    cases.map(async ([mode, pace]) => ({ mode, pace, ...(await atPace(mode, pace)) })),
  );
  progress('the pace of agents');
  const ends = [];
  for (const mode of MODES) ends.push({ mode, ...(await toTheEnd(mode)) });
  progress('to the end of a budget');
  return {
    tables: [
      {
        title: 'At the pace of agents',
        head: ['', 'scripts a call', 'median, µs'],
        rows: paced.map(({ mode, pace: { seconds }, scripts, medianUs }) => [
          `${nameOf(mode)}, a call every ${seconds} s`,
          scripts.toFixed(1),
          medianUs.toFixed(0),
        ]),
      },
      {
        title: `A budget that pays for ${PAID_CALLS.toLocaleString('en')} calls`,
        head: [
          '',
          'spent when the first is refused, %',
          'spent when all are, %',
          'seconds from the first to the last',
        ],
        rows: ends.map(({ mode, first, last, seconds }) => [
          nameOf(mode),
          first.toFixed(1),
          last.toFixed(1),
          seconds.toFixed(2),
        ]),
      },
    ],
    figures: Object.fromEntries([
      ...paced.flatMap(({ mode, pace, scripts, medianUs }) => [
        [`scripts a call: ${mode}, every ${pace.seconds} s`, scripts],
        [`admission µs: ${mode}, every ${pace.seconds} s`, medianUs],
      ]),
      ...ends.flatMap(({ mode, first, last }) => [
        [`% spent at the first refusal: ${mode}`, first],
        [`% spent at the last refusal: ${mode}`, last],
      ]),
    ]),
  };
}

function atPace(mode: Mode, { seconds, calls, callMs, alone = false }: Pace): Promise<Paced> {
  return withOwnRedis(async (redis) => {
    let from = 0;
    const options = { url: redis.url, localQuota: mode === 'local quotas', limitUsd: 1_000, calls, callMs };
    const results = await runAgents(
      { ...options, everyMs: alone ? LATER_MS : seconds * 1_000, before: alone ? 0 : BEFORE },
      async () => {
        from = await redis.scripts();
      },
    );
    const timesUs = results.flatMap((one) => one.timesUs);
    return {
      scripts: ((await redis.scripts()) - from) / timesUs.length,
      medianUs: median(timesUs),
    };
  });
}

function toTheEnd(mode: Mode): Promise<{ first: number; last: number; seconds: number }> {
  const limitUsd = (PAID_CALLS * COST_NANO_USD) / 1e9;
  return withOwnRedis(async ({ url }) => {
    const input = {
      url,
      localQuota: mode === 'local quotas',
      limitUsd,
      calls: Number.MAX_SAFE_INTEGER,
      before: BEFORE,
    };
    const results = await runAgents({ ...input, everyMs: 10, callMs: 8 }, async () => undefined);
    const refusals = results.map(({ refusedAt = Number.NaN }) => refusedAt);
    const [first, last] = [Math.min(...refusals), Math.max(...refusals)];
    const settled = results.flatMap(({ settledAt }) => settledAt);
    const spent = (until: number): number =>
      ((settled.filter((at) => at <= until).length + AGENTS * BEFORE) / PAID_CALLS) * 100;
    return { first: spent(first), last: spent(last), seconds: (last - first) / 1_000 };
  });
}

function nameOf(mode: Mode): string {
  return mode === 'local quotas' ? 'ours, local quotas' : 'ours, each call in Redis';
}

function runAgents(options: AgentOptions, begin: () => Promise<void>): Promise<AgentResult[]> {
  const app = join(ROOT, 'bench', 'apps', 'agent.ts');
  return runCrowd<AgentResult>(process.execPath, [app, JSON.stringify(options)], AGENTS, begin);
}

function withOwnRedis<T>(use: (redis: RedisAt) => Promise<T>): Promise<T> {
  return withRedis((redis) => {
    if (redis === undefined) throw new Error('no redis-server or valkey-server was found');
    return use(redis);
  });
}
