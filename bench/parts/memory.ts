import { join } from 'node:path';
import type { MemoryOptions, MemorySample } from '../apps/memory.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { HOST_SDK, REGISTER, ROOT, runApp } from '../harness/processes.ts';

const CALLS = 100_000;
const SAMPLES = 10;
const BUDGETS = 1_000;

/** What the heap may gain with each call and count as steady, bytes: the smallest object that V8 keeps takes more. */
const STEADY_BYTES = 16;
const STEADY = 'steady';

export const memory: Part = {
  name: 'memory',
  title: 'Memory',
  method:
    `Heap and resident memory of a process that makes ${CALLS.toLocaleString('en')} calls of \`responses.create\` in strict with memory, after a full collection of ` +
    `garbage, at ${SAMPLES} points: with the SDK of the preload, with an SDK of the application, and round robin in ${BUDGETS.toLocaleString('en')} budgets. What is ` +
    'remembered of responses and spans is bounded, and full at 20,000 calls. *Gained* is the slope of the heap from the middle of the calls to ' +
    `their end, by least squares; it is called steady below ${STEADY_BYTES} bytes a call, which is less than any object that would be kept for each. In resident memory is V8’s ` +
    'space for new objects, which it makes larger where much is allocated, up to `--max-semi-space-size`, whether or not anything is in it.',
  run: measure,
};

async function measure({ quick, progress }: Context): Promise<PartResult> {
  const input: MemoryOptions = {
    from: join(ROOT, 'test', 'matrix', 'openai-6'),
    calls: quick ? CALLS / 5 : CALLS,
    samples: SAMPLES,
    budgets: 1,
  };
  const env = { TOKEN_BUDGET_USD: '100000', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  const node = ['--expose-gc'];
  const run = (budgets: number, ...preload: string[]): Promise<MemorySample[]> =>
    runApp<MemorySample[]>('memory.ts', { ...input, budgets }, { node, preload, env });
  const runs = {
    'openai alone': () => run(1),
    'own SDK': () => run(1, REGISTER),
    'SDK of the application': () => run(1, HOST_SDK, REGISTER),
    [`own SDK, ${BUDGETS.toLocaleString('en')} budgets`]: () => run(BUDGETS, REGISTER),
  };
  const heaps: string[][] = [];
  const gains: string[][] = [];
  const figures: Record<string, number> = {};
  let calls: readonly number[] = [];
  for (const [name, measureRun] of Object.entries(runs)) {
    const samples = await measureRun();
    progress(name);
    calls = samples.map((sample) => sample.calls);
    heaps.push([name, ...samples.map(({ heapMb }) => heapMb.toFixed(1))]);
    const gained = gainOf(samples);
    const last = samples.at(-1);
    gains.push([
      name,
      gained.toFixed(1),
      gained < STEADY_BYTES ? STEADY : 'grows',
      last?.rssMb.toFixed(0) ?? '',
      last?.newSpaceMb.toFixed(0) ?? '',
    ]);
    figures[`heap gained, bytes a call: ${name}`] = gained;
  }
  const growing = gains.filter(([, , verdict]) => verdict !== STEADY).map(([name]) => name);
  return {
    tables: [
      {
        title: 'Heap, MB',
        head: ['calls', ...calls.map((count) => count.toLocaleString('en'))],
        rows: heaps,
      },
      {
        title: 'At the end',
        head: ['', 'gained, bytes a call', 'verdict', 'resident, MB', 'of it for new objects, MB'],
        rows: gains,
      },
    ],
    notes: [
      ...(quick ? ['A try-out: what is bounded is not full after so few calls, so it still grows.'] : []),
      `Goal, nothing grows: ${growing.length === 0 ? 'held' : `not held by ${growing.join(', ')}`}.`,
      `A budget takes ${budgetKb(heaps).toFixed(1)} KB of heap: its tracker, its balances, and its attribute sets in the metrics of the SDK.`,
    ],
    figures,
  };
}

/** From the middle of the calls to their end, bytes a call: least squares, so that one sample says little. */
function gainOf(samples: readonly MemorySample[]): number {
  const half = samples.slice(samples.length >> 1);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const x = mean(half.map(({ calls }) => calls));
  const y = mean(half.map(({ heapMb }) => heapMb));
  const slope =
    half.reduce((sum, { calls, heapMb }) => sum + (calls - x) * (heapMb - y), 0) /
    half.reduce((sum, { calls }) => sum + (calls - x) ** 2, 0);
  return slope * 1e6;
}

/** What more budgets take at the end of the calls, for each. */
function budgetKb(heaps: readonly (readonly string[])[]): number {
  const [, one, , many] = heaps.map((row) => Number(row.at(-1)));
  return (((many ?? Number.NaN) - (one ?? Number.NaN)) * 1_000) / BUDGETS;
}
