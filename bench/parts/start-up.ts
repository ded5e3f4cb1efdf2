import { join } from 'node:path';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { PEERS, REGISTER, ROOT, runNode, versionOf } from '../harness/processes.ts';
import { interleave, median, medianDifference } from '../harness/rounds.ts';
import { withScratch } from '../harness/scratch.ts';

const APPS = join(ROOT, 'bench', 'apps');
const OPENAI = join(ROOT, 'test', 'matrix', 'openai-6');

/** Telemetry goes to a port where nobody listens; the process ends at once, as with `process.exit()`. */
const ENV = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', TOKEN_BUDGET_USD: '5' };

const NOTHING = '0';
/** Prints how long its process has run; the SDK is started in the turn after the one that loads openai. */
const LOADS_OPENAI =
  "require('openai'); setImmediate(() => setImmediate(() => { process.stdout.write(String(performance.now())); process.exit(); }))";

interface Variant {
  readonly name: string;
  readonly preload: readonly string[];
  /** Whether compiled code is taken from a cache that earlier rounds filled, or there is none. */
  readonly cache: 'warm' | 'none';
}

const SDK = 'sdk-node alone';
const AUTO = '@opentelemetry/auto-instrumentations-node';

const ROUNDS = 11;
/** Of what takes many seconds. */
const SLOW_ROUNDS = 3;

export const startUp: Part = {
  name: 'start-up',
  title: 'Start-up',
  method:
    'Milliseconds of `node -e 0`, the whole process from its start to its end; and of a program that loads openai, from the start of its process to the second turn ' +
    `of the event loop after that, when the SDK is started. ${ROUNDS} rounds interleaved, medians; *added* is the median of the differences to Node alone within one ` +
    `round; \`node -e 0\` with ${AUTO} is measured in the first ${SLOW_ROUNDS} alone, as its end takes seconds. ` +
    '*Warm* is with compiled code in the cache of Node (`module.enableCompileCache`), which this package turns on by itself and the others are ' +
    'given with `NODE_COMPILE_CACHE`; without it `NODE_DISABLE_COMPILE_CACHE` is set.',
  run: (context) => withScratch((scratch) => measure(context, scratch)),
};

async function measure({ quick, progress }: Context, scratch: string): Promise<PartResult> {
  const variants: Variant[] = [];
  for (const cache of ['warm', 'none'] as const) {
    variants.push(
      { name: 'Node alone', preload: [], cache },
      { name: SDK, preload: [join(APPS, 'sdk-node.cjs')], cache },
      { name: 'ours', preload: [REGISTER], cache },
      {
        name: `${AUTO}/register ${versionOf(AUTO, PEERS)}`,
        preload: [join(APPS, 'auto-instrumentations.cjs')],
        cache,
      },
      {
        name: `@traceloop/node-server-sdk ${versionOf('@traceloop/node-server-sdk', PEERS)}`,
        preload: [join(APPS, 'traceloop.cjs')],
        cache,
      },
    );
  }
  const programs = [
    ['`node -e 0`', NOTHING],
    ['loads openai', LOADS_OPENAI],
  ] as const;
  const setUps = programs.flatMap(([program, code]) =>
    variants.map(({ name, preload, cache }) => ({
      name: [program, cache, name].join('\n'),
      ...(code === NOTHING && name.startsWith(AUTO) ? { rounds: SLOW_ROUNDS } : {}),
      measure: async () => {
        const env = {
          ...ENV,
          ...(cache === 'warm'
            ? { NODE_COMPILE_CACHE: join(scratch, 'cache') }
            : { NODE_DISABLE_COMPILE_CACHE: '1' }),
        };
        const from = performance.now();
        const printed = await runNode(['-e', code], { preload, env, cwd: OPENAI });
        return printed === '' ? performance.now() - from : Number(printed);
      },
    })),
  );
  // One round fills the cache.
  await interleave(
    setUps.filter(({ name }) => name.includes('\nwarm\n')),
    1,
    () => undefined,
  );
  const measured = await interleave(setUps, quick ? 3 : ROUNDS, progress);
  const values = (program: string, cache: string, name: string): number[] =>
    measured.get([program, cache, name].join('\n')) ?? [];
  const added = (program: string, cache: string, name: string): number =>
    medianDifference(values(program, cache, name), values(program, cache, 'Node alone'));
  const names = [...new Set(variants.map(({ name }) => name))];
  const cell = (program: string, cache: string, name: string): string =>
    name === 'Node alone'
      ? median(values(program, cache, name)).toFixed(0)
      : `+${added(program, cache, name).toFixed(0)}`;
  const columns = programs.flatMap(([program]) =>
    (['warm', 'none'] as const).map((cache) => [program, cache] as const),
  );
  const verdicts = programs.map(([program]) => {
    const own = added(program, 'warm', 'ours');
    const limit = added(program, 'none', SDK) + 30;
    return `Goal, at most sdk-node alone plus 30 ms (${program}): ${own <= limit ? 'held' : 'not held'}; +${own.toFixed(0)} ms warm, +${added(program, 'none', 'ours').toFixed(0)} ms without the cache, to +${added(program, 'none', SDK).toFixed(0)} ms (+${added(program, 'warm', SDK).toFixed(0)} with the cache) of the SDK alone.`;
  });
  return {
    tables: [
      {
        head: [
          'ms',
          ...columns.map(([program, cache]) => `${program}, ${cache === 'warm' ? 'warm' : 'no cache'}`),
        ],
        rows: names.map((name) => [name, ...columns.map(([program, cache]) => cell(program, cache, name))]),
      },
    ],
    notes: [
      ...verdicts,
      'The SDK is loaded when openai is, and not before: a process that never loads openai pays for the hooks alone.',
      'Not in it: at its end a process under the preload sends the telemetry that it has, and waits for that (at most `flushTimeoutMs`), where the SDK alone sends nothing at `process.exit()`.',
    ],
    figures: {
      'start-up ms, nothing': added('`node -e 0`', 'warm', 'ours'),
      'start-up ms, openai': added('loads openai', 'warm', 'ours'),
    },
  };
}
