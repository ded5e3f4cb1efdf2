/**
 * Counting of texts by one library in o200k_base, and what loading it costs. Run with `--expose-gc`. Each round has a text of its own,
 * so that no library answers from its memory of the last. Prints milliseconds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export type Library = 'ours' | 'js-tiktoken' | 'gpt-tokenizer' | 'tiktoken';

export interface CountingOptions {
  readonly by: Library;
  readonly text: keyof typeof TEXTS;
  /** How many texts warm up. */
  readonly warmUp: number;
  /** How many are measured at least, and at most while there is time for more. */
  readonly least: number;
  readonly most: number;
  /** How long texts are counted for, where they are the least already, milliseconds. */
  readonly ms: number;
}

export interface CountingResult {
  readonly loadMs: number;
  /** Resident memory that loading adds, MB. */
  readonly loadMb: number;
  readonly ms: number;
  readonly bytes: number;
  readonly tokens: number;
}

type Counter = (text: string) => number;

const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** The first files below a folder whose names fit, up to a length. They are read once. */
function corpus(folder: string, name: RegExp, length: number): () => string {
  let read: string | undefined;
  return () => {
    read ??= textOf(folder, name, length);
    return read;
  };
}

function textOf(folder: string, name: RegExp, length: number): string {
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

const prose = corpus(`${MODULES}typescript/..`, /^(@[^/]+\/)?[^/]+\/README\.md$/i, 120_000);
const code = corpus(`${MODULES}openai`, /\.js$/, 120_000);
const run = (character: string, length: number) => (round: number) => `${character.repeat(length + round)}x`;

const TEXTS = {
  'prose, 120,000 characters': (round: number) => prose().slice(round),
  'code, 120,000 characters': (round: number) => code().slice(round),
  'Chinese, 20,000 characters': (round: number) => chinese(20_000, round),
  'chat message, 200 characters': (round: number) =>
    prose().slice(1_000 * (round + 1), 1_000 * (round + 1) + 200),
  '1,000 × “a”': run('a', 1_000),
  '8,000 × “a”': run('a', 8_000),
  '1,000 × “中”': run('中', 1_000),
  '8,000 × “中”': run('中', 8_000),
  '8,000 spaces': run(' ', 8_000),
} as const;

const require = createRequire(import.meta.url);

async function load(by: Library): Promise<Counter> {
  switch (by) {
    case 'ours': {
      const { countText } = await import('../../src/tokens/index.ts');
      return (text) => countText(text, 'o200k_base');
    }
    case 'js-tiktoken': {
      const { getEncoding } = require('js-tiktoken') as typeof import('js-tiktoken');
      const encoding = getEncoding('o200k_base');
      return (text) => encoding.encode(text, [], []).length;
    }
    case 'gpt-tokenizer': {
      const { countTokens } = require('gpt-tokenizer/encoding/o200k_base') as { countTokens: Counter };
      return countTokens;
    }
    case 'tiktoken': {
      const peers = createRequire(new URL('../peers/package.json', import.meta.url));
      const { get_encoding } = peers('tiktoken') as {
        get_encoding: (name: string) => {
          encode: (text: string, allowed: [], disallowed: []) => Uint32Array;
        };
      };
      const encoding = get_encoding('o200k_base');
      return (text) => encoding.encode(text, [], []).length;
    }
  }
}

function megabytes(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1e6;
}

if (import.meta.main) {
  const { by, text, warmUp, least, most, ms: limitMs } = JSON.parse(process.argv[2] ?? '') as CountingOptions;
  const before = megabytes();
  const start = performance.now();
  const count = await load(by);
  count('hello');
  const loadMs = performance.now() - start;
  const loadMb = megabytes() - before;
  const times: number[] = [];
  let tokens = 0;
  let bytes = 0;
  const began = performance.now();
  for (let round = 0; times.length < most; round += 1) {
    if (times.length >= least && performance.now() - began > limitMs) break;
    const one = TEXTS[text](round);
    const from = performance.now();
    const counted = count(one);
    const ms = performance.now() - from;
    if (round >= warmUp) times.push(ms);
    // Of the first, which all have.
    else if (round === 0) [tokens, bytes] = [counted, Buffer.byteLength(one)];
  }
  const ms = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
  process.stdout.write(JSON.stringify({ loadMs, loadMb, ms, bytes, tokens } satisfies CountingResult));
}

export const TEXT_NAMES = Object.keys(TEXTS) as CountingOptions['text'][];
