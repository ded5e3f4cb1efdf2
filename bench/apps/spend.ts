/**
 * One process of many that spend a budget: so many reserves and settles under way at once, for a time. Waits for a line on stdin to
 * begin. Prints how many were admitted, and the times that admission took.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createClient } from 'redis';
import { type Admit, budgetsIn } from './budgets.ts';

export interface SpendOptions {
  readonly url: string;
  readonly by: 'local quotas' | 'each call' | 'rate-limiter-flexible';
  /** Of this process; one is shared with the others. */
  readonly budgets: number;
  /** Calls under way at once. */
  readonly workers: number;
  /** How long it spends before it is measured, so that local quotas are as large as they become; and how long it is, milliseconds. */
  readonly warmUpMs: number;
  readonly ms: number;
}

export interface SpendResult {
  /** Those of the warm-up too. */
  readonly all: number;
  readonly admitted: number;
  readonly refused: number;
  /** A sample of them, microseconds. */
  readonly timesUs: readonly number[];
}

const KEPT = 2_000;

const options = JSON.parse(process.argv[2] ?? '') as SpendOptions;
/** One is shared by all processes; of several, each process has its own. */
const names = Array.from({ length: options.budgets }, (_, n) =>
  options.budgets === 1 ? 'shared' : `${process.pid}-${n}`,
);
const admit =
  options.by === 'rate-limiter-flexible'
    ? await limiter()
    : budgetsIn(options.url, { names, localQuota: options.by === 'local quotas', limitUsd: 1_000_000 });
// Connections are made, and budgets begun, before the time runs.
for (let from = 0; from < names.length; from += 100) {
  await Promise.all(names.slice(from, from + 100).map((_, n) => spendOne(from + n)));
}

process.stdout.write('ready\n');
await once(process.stdin, 'data');
const since = performance.now() + options.warmUpMs;
const until = since + options.ms;
const timesUs: number[] = [];
let all = 0;
let admitted = 0;
let refused = 0;
await Promise.all(Array.from({ length: options.workers }, (_, worker) => work(worker)));
const result: SpendResult = { all, admitted, refused, timesUs };
process.stdout.write(JSON.stringify(result), () => process.exit());

async function work(worker: number): Promise<void> {
  for (let n = worker; performance.now() < until; n += 1) {
    const from = performance.now();
    const done = await admit(Math.floor(Math.random() * options.budgets));
    const us = (performance.now() - from) * 1_000;
    if (done === undefined) refused += 1;
    else all += 1;
    if (from < since) {
      await done?.();
      continue;
    }
    if (done !== undefined) admitted += 1;
    if (timesUs.length < KEPT) timesUs.push(us);
    else if (Math.random() < KEPT / (admitted + refused)) timesUs[Math.floor(Math.random() * KEPT)] = us;
    await done?.();
    // A call takes its time, in which others have their turn.
    if (n % 64 === 0) await new Promise((next) => setImmediate(next));
  }
}

async function spendOne(budget: number): Promise<void> {
  await (await admit(budget))?.();
}

/** Counts points and holds no reservation: one round trip a call. */
async function limiter(): Promise<Admit> {
  const { RateLimiterRedis } = createRequire(new URL('../peers/package.json', import.meta.url))(
    'rate-limiter-flexible',
  ) as {
    RateLimiterRedis: new (options: object) => { consume(key: string, points: number): Promise<unknown> };
  };
  const client = createClient({ url: options.url });
  await client.connect();
  const limit = new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    points: 1e12,
    duration: 0,
  });
  return async (budget) => {
    await limit.consume(names[budget] ?? '', 30);
    return () => undefined;
  };
}
