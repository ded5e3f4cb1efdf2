/**
 * Heap and resident memory while calls go by, each after a full collection of garbage. Run with `--expose-gc`. The calls are made
 * round robin for a number of budgets; with one, for the budget of the preload.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { defineBudget, openStore, TokenBudgetTracker, withBudget } from 'otel-token-budget';
import { clientOf } from './client.ts';

export interface MemoryOptions {
  readonly from: string;
  readonly calls: number;
  readonly samples: number;
  readonly budgets: number;
}

export interface MemorySample {
  readonly calls: number;
  readonly heapMb: number;
  readonly rssMb: number;
  /** Of it, what V8 has made room for new objects with, used or not. */
  readonly newSpaceMb: number;
}

const options = JSON.parse(process.argv[2] ?? '') as MemoryOptions;

let answered = 0;
const client = clientOf(options.from, async () => {
  await turn();
  answered += 1;
  return Response.json({
    id: `resp_${answered}`,
    object: 'response',
    model: 'gpt-4o-mini-2024-07-18',
    status: 'completed',
    output: [
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Hello!', annotations: [] }],
      },
    ],
    usage: { input_tokens: 20, output_tokens: 9, total_tokens: 29 },
  });
});

const store = openStore({ store: 'memory' });
const trackers = Array.from(
  { length: options.budgets },
  (_, n) =>
    new TokenBudgetTracker(defineBudget({ name: `budget-${n}`, limits: { costUsd: 1_000 } }), { store }),
);

async function call(n: number): Promise<void> {
  const create = () =>
    client.responses.create({ model: 'gpt-4o-mini', max_output_tokens: 100, input: `Say hello to ${n}.` });
  const tracker = trackers[n % options.budgets];
  await (options.budgets > 1 && tracker !== undefined ? withBudget(tracker, create) : create());
}

async function sample(): Promise<MemorySample> {
  // Batches of spans are on their way for a moment.
  await new Promise((done) => setTimeout(done, 100));
  globalThis.gc?.();
  await turn();
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const newSpace = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  const newSpaceMb = (newSpace?.physical_space_size ?? Number.NaN) / 1e6;
  return { calls: answered, heapMb: heapUsed / 1e6, rssMb: rss / 1e6, newSpaceMb };
}

const samples: MemorySample[] = [];
const every = Math.ceil(options.calls / options.samples);
for (let n = 0; n < options.calls; n += 1) {
  await call(n);
  if ((n + 1) % every === 0) samples.push(await sample());
}
process.stdout.write(JSON.stringify(samples), () => process.exit());
