import { type CountingOptions, type CountingResult, type Library, TEXT_NAMES } from '../apps/counting.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { PEERS, runApp, versionOf } from '../harness/processes.ts';
import { interleave, median } from '../harness/rounds.ts';

const LIBRARIES: readonly Library[] = ['ours', 'js-tiktoken', 'gpt-tokenizer', 'tiktoken'];

const ROUNDS = 3;
const TEXTS = { warmUp: 2, least: 3, most: 7, ms: 1_500 } as const;

export const counting: Part = {
  name: 'counting',
  title: 'Counting tokens',
  method:
    `Texts of o200k_base, counted by each library in a process for each kind of text and round: ${TEXTS.warmUp} texts to warm up, then ${TEXTS.most} (no less than ${TEXTS.least} where all take longer than ${TEXTS.ms / 1_000} s), ` +
    `of which the median; of ${ROUNDS} interleaved rounds the median. Each text is another one, so that nothing is ` +
    'answered from a memory of the last. The counts are compared, and all are the same. Loading is the time and the resident memory up to the first count.',
  run: measure,
};

/** js-tiktoken takes 28 s for 8,000 × 中: long runs are not given to it. */
function isGiven(by: Library, text: CountingOptions['text']): boolean {
  return by !== 'js-tiktoken' || !text.startsWith('8,000');
}

async function measure({ quick, progress }: Context): Promise<PartResult> {
  const setUps = TEXT_NAMES.flatMap((text) =>
    LIBRARIES.filter((by) => isGiven(by, text)).map((by) => ({
      name: `${by}\n${text}`,
      measure: () => {
        const input: CountingOptions = { by, text, ...TEXTS, ...(quick ? { most: TEXTS.least } : {}) };
        return runApp<CountingResult>('counting.ts', input, { node: ['--expose-gc'] });
      },
    })),
  );
  const measured = await interleave(setUps, quick ? 1 : ROUNDS, progress);
  const results = (by: Library, text: string): readonly CountingResult[] =>
    measured.get(`${by}\n${text}`) ?? [];
  for (const text of TEXT_NAMES) {
    const counts = new Set(LIBRARIES.flatMap((by) => results(by, text).map(({ tokens }) => tokens)));
    if (counts.size !== 1) throw new Error(`${text}: the counts differ: ${[...counts]}`);
  }
  const all = (by: Library): readonly CountingResult[] => TEXT_NAMES.flatMap((text) => results(by, text));
  return {
    tables: [
      {
        title: 'Time of a text, ms (and MB of UTF-8 a second)',
        head: ['', ...LIBRARIES],
        rows: TEXT_NAMES.map((text) => [text, ...LIBRARIES.map((by) => cellOf(results(by, text)))]),
      },
      {
        title: 'Loading',
        head: ['', ...LIBRARIES],
        rows: [
          ['ms', ...LIBRARIES.map((by) => median(all(by).map(({ loadMs }) => loadMs)).toFixed(0))],
          ['MB', ...LIBRARIES.map((by) => median(all(by).map(({ loadMb }) => loadMb)).toFixed(0))],
        ],
      },
    ],
    notes: [
      `js-tiktoken ${versionOf('js-tiktoken')}, gpt-tokenizer ${versionOf('gpt-tokenizer')}, tiktoken ${versionOf('tiktoken', PEERS)} (WebAssembly).`,
      'js-tiktoken is not given the long runs: its time grows with their square, to 28 s for 8,000 of “中”.',
    ],
    figures: {},
  };
}

function cellOf(results: readonly CountingResult[]): string {
  const [first] = results;
  if (first === undefined) return 'not given';
  const ms = median(results.map((one) => one.ms));
  return `${ms.toFixed(ms < 1 ? 3 : 1)} (${(first.bytes / 1e3 / ms).toFixed(1)})`;
}
