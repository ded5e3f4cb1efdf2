import { join } from 'node:path';
import type { MemoryOptions, MemorySample } from '../apps/memory.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { HOST_SDK, REGISTER, ROOT, runApp } from '../harness/processes.ts';

const SAMPLES = 10;

/** What the heap may gain in the second half of the calls and count as steady, MB: samples of a steady process differ by as much. */
const STEADY_MB = 2;

export const memory: Part = {
  name: 'memory',
  title: 'Memory',
  method:
    'Heap and resident memory of a process that makes 100,000 calls of `responses.create` in strict with memory, after a full collection of ' +
    'garbage, at ten points: with the SDK of the preload, with an SDK of the application, and round robin in 1,000 budgets. What is ' +
    'remembered of responses and spans is bounded, and full at 20,000 calls.',
  run: measure,
};

async function measure({ quick, progress }: Context): Promise<PartResult> {
  const input: MemoryOptions = {
    from: join(ROOT, 'test', 'matrix', 'openai-6'),
    calls: quick ? 20_000 : 100_000,
    samples: SAMPLES,
    budgets: 1,
  };
  const env = { TOKEN_BUDGET_USD: '100000', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  const node = ['--expose-gc'];
  const runs = {
    'own SDK': () => runApp<MemorySample[]>('memory.ts', input, { node, preload: [REGISTER], env }),
    'SDK of the application': () =>
      runApp<MemorySample[]>('memory.ts', input, { node, preload: [HOST_SDK, REGISTER], env }),
    'own SDK, 1,000 budgets': () =>
      runApp<MemorySample[]>('memory.ts', { ...input, budgets: 1_000 }, { node, preload: [REGISTER], env }),
  };
  const rows: string[][] = [];
  const notes: string[] = [];
  const figures: Record<string, number> = {};
  let calls: readonly number[] = [];
  for (const [name, run] of Object.entries(runs)) {
    const samples = await run();
    progress(name);
    calls = samples.map((sample) => sample.calls);
    rows.push([`${name}: heap`, ...samples.map(({ heapMb }) => heapMb.toFixed(1))]);
    rows.push([`${name}: resident`, ...samples.map(({ rssMb }) => rssMb.toFixed(0))]);
    const gain = gainOf(samples);
    notes.push(
      `${name}: ${gain <= STEADY_MB ? 'steady' : 'it grows'}; the heap gains ${gain.toFixed(2)} MB in the second half of the calls.`,
    );
    figures[`heap gain MB: ${name}`] = gain;
  }
  return {
    tables: [{ head: ['MB after calls', ...calls.map((count) => count.toLocaleString('en'))], rows }],
    notes,
    figures,
  };
}

/** From the middle of the calls to their end: least squares, so that one sample says little. */
function gainOf(samples: readonly MemorySample[]): number {
  const half = samples.slice(samples.length >> 1);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const x = mean(half.map(({ calls }) => calls));
  const y = mean(half.map(({ heapMb }) => heapMb));
  const slope =
    half.reduce((sum, { calls, heapMb }) => sum + (calls - x) * (heapMb - y), 0) /
    half.reduce((sum, { calls }) => sum + (calls - x) ** 2, 0);
  const [first, last] = [half[0]?.calls ?? 0, half.at(-1)?.calls ?? 0];
  return slope * (last - first);
}
