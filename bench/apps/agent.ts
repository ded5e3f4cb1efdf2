/**
 * An agent, one process of many with one budget: it makes a call, waits for its answer, pauses, and goes on until it is refused. Waits
 * for a line on stdin to begin. Prints when its calls ended, and the times that admission took.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { budgetsIn } from './budgets.ts';

export interface AgentOptions {
  readonly url: string;
  readonly localQuota: boolean;
  readonly limitUsd: number;
  /** How many calls it makes at most. */
  readonly calls: number;
  /** From one call to the next, milliseconds. */
  readonly everyMs: number;
  /** How long a call takes, milliseconds. */
  readonly callMs: number;
  /** How many calls it makes before it is ready. */
  readonly before: number;
}

export interface AgentResult {
  /** When calls were settled, milliseconds since the epoch. */
  readonly settledAt: readonly number[];
  /** When it was refused. */
  readonly refusedAt?: number;
  readonly timesUs: readonly number[];
}

const options = JSON.parse(process.argv[2] ?? '') as AgentOptions;
const { url, localQuota, limitUsd, calls, everyMs, callMs, before } = options;
const admit = budgetsIn(url, { names: ['fleet'], localQuota, limitUsd });
for (let n = 0; n < before; n += 1) await (await admit(0))?.();

process.stdout.write('ready\n');
await once(process.stdin, 'data');
const settledAt: number[] = [];
const timesUs: number[] = [];
let refusedAt: number | undefined;
// The fleet does not call in step.
await sleep(Math.random() * Math.min(everyMs, 1_000));
for (let n = 0; n < calls; n += 1) {
  const from = performance.now();
  const settle = await admit(0);
  timesUs.push((performance.now() - from) * 1_000);
  if (settle === undefined) {
    refusedAt = Date.now();
    break;
  }
  await sleep(callMs);
  await settle();
  settledAt.push(Date.now());
  await sleep(everyMs - (performance.now() - from));
}
const result: AgentResult = { settledAt, timesUs, ...(refusedAt === undefined ? {} : { refusedAt }) };
process.stdout.write(JSON.stringify(result), () => process.exit());
