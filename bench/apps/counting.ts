/**
 * Counting side by side: ours, js-tiktoken and gpt-tokenizer, in o200k_base, and what loading each costs.
 *
 *     node --expose-gc bench/counting.ts
 *
 * Rounds are interleaved and each has a text of its own, so that no library answers from its memory of the last round;
 * medians are shown. gpt-tokenizer is compared where it is installed, or at the path in GPT_TOKENIZER.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { boundInput, countText, forgetTexts } from '../src/tokens/index.ts';

const ROUNDS = 9;

/** js-tiktoken takes 28 s for 8,000 × 中: longer runs are not given to it. */
const LONGEST_RUN_FOR_JS_TIKTOKEN = 1_000;

type Counter = (text: string) => number;

const MODULES = fileURLToPath(new URL('../node_modules/', import.meta.url));

/** The first files below a folder whose names fit, up to a length. */
function corpus(folder: string, name: RegExp, length: number): string {
  let text = '';
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (text.length >= length) break;
    if (name.test(file)) text += readFileSync(`${folder}/${file}`, 'utf8');
  }
  return text.slice(0, length);
}

/** Chinese-like text without repeats: the 500 first common characters and punctuation, at random. */
function chinese(length: number, round: number): string {
  let seed = round + 1;
  let text = '';
  while (text.length < length) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    const random = seed >> 8;
    text += random % 12 === 0 ? '，' : String.fromCharCode(0x4e00 + (random % 500));
  }
  return text;
}

/** The texts by name: each round `n` has its own. */
const prose = corpus(MODULES, /README\.md$/i, 120_000);
const code = corpus(`${MODULES}openai`, /\.js$/, 120_000);
const TEXTS: Readonly<Record<string, { readonly run: number; readonly text: (round: number) => string }>> = {
  'prose, 120,000': { run: 0, text: (round) => prose.slice(round) },
  'code, 120,000': { run: 0, text: (round) => code.slice(round) },
  'Chinese, 20,000': { run: 0, text: (round) => chinese(20_000, round) },
  'chat message, 200': { run: 0, text: (round) => prose.slice(1000 * (round + 1), 1000 * (round + 1) + 200) },
  ...Object.fromEntries(
    ['a', '中', ' '].flatMap((character) =>
      [1_000, 8_000, 32_000].map((run) => [
        `${run} × ${JSON.stringify(character)}`,
        { run, text: (round: number) => `${character.repeat(run + round)}x` },
      ]),
    ),
  ),
};

function megabytes(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1e6;
}

interface Loaded {
  readonly name: string;
  readonly count: Counter;
}

async function load(name: string, open: () => Promise<Counter> | Counter): Promise<Loaded | undefined> {
  const before = megabytes();
  const start = performance.now();
  try {
    const count = await open();
    count('hello');
    const time = performance.now() - start;
    console.log(`load ${name}: ${time.toFixed(0)} ms, ${(megabytes() - before).toFixed(0)} MB`);
    return { name, count };
  } catch (error) {
    console.log(`without ${name}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const ours = await load('ours', () => (text) => countText(text, 'o200k_base'));
const gptTokenizer = await load('gpt-tokenizer', async () => {
  // Not written into the import, so that it need not be installed.
  const path = process.env['GPT_TOKENIZER'] ?? 'gpt-tokenizer/encoding/o200k_base';
  const { countTokens } = (await import(path)) as { countTokens: Counter };
  return countTokens;
});
const jsTiktoken = await load('js-tiktoken', () => {
  const { getEncoding } = createRequire(import.meta.url)('js-tiktoken') as typeof import('js-tiktoken');
  const encoding = getEncoding('o200k_base');
  return (text) => encoding.encode(text, [], []).length;
});
const counters = [ours, jsTiktoken, gptTokenizer].filter((counter) => counter !== undefined);

const rows: Record<string, Record<string, string | number>> = {};
for (const [name, { run, text }] of Object.entries(TEXTS)) {
  const able = counters.filter((counter) => counter !== jsTiktoken || run <= LONGEST_RUN_FOR_JS_TIKTOKEN);
  const times = new Map<Loaded, number[]>(able.map((counter) => [counter, []]));
  // gpt-tokenizer takes seconds for long runs: fewer rounds.
  const rounds = run > 10_000 ? 3 : ROUNDS;
  for (let round = 0; round < rounds + 2; round++) {
    const counts = new Set<number>();
    for (const counter of able) {
      forgetTexts();
      const one = text(round);
      const start = performance.now();
      counts.add(counter.count(one));
      // The first two rounds warm up.
      if (round >= 2) times.get(counter)?.push(performance.now() - start);
    }
    if (counts.size !== 1) throw new Error(`${name}: the counts differ: ${[...counts]}`);
  }
  const base = median((ours && times.get(ours)) ?? []);
  rows[name] = Object.fromEntries(
    able.map((counter) => {
      const time = median(times.get(counter) ?? []);
      return [
        counter.name,
        `${time.toFixed(3)} ms${counter === ours ? '' : ` (${(time / base).toFixed(1)}×)`}`,
      ];
    }),
  );
}
console.table(rows);

const body = { model: 'gpt-4o', messages: [{ role: 'user', content: prose }] };
const start = performance.now();
for (let round = 0; round < 1000; round++) boundInput('chat', body);
console.log(`boundInput of 120,000 characters: ${(performance.now() - start).toFixed(1)} µs`);
