import { join } from 'node:path';
import type { StreamsOptions, StreamsResult } from '../apps/streams.ts';
import { INSTRUMENTATIONS, instrumentedBy } from '../harness/instrumentations.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { type ChildOptions, HOST_SDK, REGISTER, ROOT, runApp, versionOf } from '../harness/processes.ts';
import { interleave, median, medianDifference } from '../harness/rounds.ts';

const LENGTHS = [100, 1_000, 10_000];
const RELEASE = 'test/matrix/openai-6';
const FOLDER = join(ROOT, RELEASE);
const BARE = 'bare SDK';

/** How many chunks are measured in all at each length, in each round. */
const CHUNKS = 60_000;
const ROUNDS = 5;

export const streams: Part = {
  name: 'streams',
  title: 'Streams',
  method:
    'Microseconds a chunk of a Chat Completions stream that is read to its end, whose body comes in pieces of 4 KB from an ' +
    `in-process \`fetch\`. A process for each set-up and length in each of ${ROUNDS} rounds, interleaved; of each process the median of its streams (${CHUNKS.toLocaleString('en')} chunks in ` +
    'all, after as many to warm up as fit in a third of that); *added* is the median of the differences to the bare SDK within one round.',
  run: measure,
};

async function measure({ quick, progress }: Context): Promise<PartResult> {
  const variants: readonly (readonly [string, ChildOptions])[] = [
    [BARE, {}],
    ['ours, strict, memory', { preload: [HOST_SDK, REGISTER], env: { TOKEN_BUDGET_USD: '1000' } }],
    ...INSTRUMENTATIONS[RELEASE].map(instrumentedBy).map(({ name, options }) => [name, options] as const),
  ];
  const setUps = LENGTHS.flatMap((chunks) =>
    variants.map(([name, options]) => ({
      name: `${name}\n${chunks}`,
      measure: () => runApp<StreamsResult>('streams.ts', inputOf(chunks, quick), options),
    })),
  );
  const measured = await interleave(setUps, quick ? 1 : ROUNDS, progress);
  const valuesOf = (name: string, chunks: number): number[] =>
    (measured.get(`${name}\n${chunks}`) ?? []).map(({ chunkUs }) => chunkUs);
  const added = (name: string, chunks: number): number =>
    medianDifference(valuesOf(name, chunks), valuesOf(BARE, chunks));
  const rows = variants.map(([name]) => [
    name,
    ...LENGTHS.map((chunks) =>
      (name === BARE ? median(valuesOf(name, chunks)) : added(name, chunks)).toFixed(2),
    ),
  ]);
  const ours = LENGTHS.map((chunks) => added('ours, strict, memory', chunks));
  const [short = Number.NaN, , long = Number.NaN] = ours;
  return {
    tables: [
      {
        title: `openai ${versionOf('openai', FOLDER)}`,
        head: ['set-up, µs a chunk', ...LENGTHS.map((chunks) => `${chunks.toLocaleString('en')} chunks`)],
        rows,
      },
    ],
    notes: [
      'The first row is the whole time of a chunk, the others what they add to it. At 100 chunks a part of it is the call itself.',
      `Goal, flat: ${long <= short ? 'held' : 'not held'}; ${short.toFixed(2)} µs a chunk of 100, ${long.toFixed(2)} of 10,000.`,
    ],
    figures: Object.fromEntries(
      LENGTHS.map((chunks, at) => [`added µs a chunk: ${chunks}`, ours[at] ?? Number.NaN]),
    ),
  };
}

function inputOf(chunks: number, quick: boolean): StreamsOptions {
  const streamsOf = (all: number): number => Math.max(3, Math.ceil(all / chunks));
  const measured = quick ? CHUNKS / 10 : CHUNKS;
  return { from: FOLDER, chunks, warmUp: streamsOf(measured / 3), streams: streamsOf(measured) };
}
