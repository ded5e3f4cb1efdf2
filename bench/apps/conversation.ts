/**
 * What admission does with a conversation of some turns: bounding its input, and counting it where the bound would refuse, when all
 * but the last turn was counted before. Beside it, counting everything with other encoders. Prints microseconds.
 */
import { createRequire } from 'node:module';
import { boundInput, countInput, forgetTexts } from '../../src/tokens/index.ts';

export interface ConversationOptions {
  readonly turns: number;
  /** How many requests warm up; earlier turns are counted there. */
  readonly warmUp: number;
  readonly repeats: number;
  /** Who counts: an encoder takes seconds for a long conversation. */
  readonly by: 'bound' | 'count' | 'json' | 'js-tiktoken' | 'gpt-tokenizer';
}

export interface ConversationResult {
  readonly us: number;
  readonly tokens: number;
}

const { turns, warmUp, repeats, by } = JSON.parse(process.argv[2] ?? '') as ConversationOptions;

const WORDS =
  'the budget of an agent is what it may spend on calls before somebody has to look at what it did and why'.split(
    ' ',
  );

/** A message of about 400 characters, another one for each number. */
function message(n: number): { role: string; content: string } {
  let seed = n + 1;
  const words: string[] = [];
  while (words.length < 80) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    words.push(WORDS[(seed >> 8) % WORDS.length] ?? '', String((seed >> 8) % 1_000));
  }
  return { role: n % 2 === 0 ? 'user' : 'assistant', content: words.slice(0, 80).join(' ') };
}

/** Every body is built anew, as agents and their SDKs do. */
function body(lastTurn: number) {
  const messages = Array.from({ length: 2 * turns - 1 }, (_, n) => message(n));
  messages[messages.length - 1] = message(1_000_000 + lastTurn);
  return { model: 'gpt-4o', messages };
}

const bodies = Array.from({ length: repeats + warmUp }, (_, n) => body(n));
const measure = measureOf();
const times: number[] = [];
let tokens = 0;
for (const [n, one] of bodies.entries()) {
  const from = performance.now();
  tokens = measure(one);
  if (n >= warmUp) times.push(performance.now() - from);
}
const middle = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
const result: ConversationResult = { us: middle * 1_000, tokens };
process.stdout.write(JSON.stringify(result));

function measureOf(): (one: ReturnType<typeof body>) => number {
  const require = createRequire(import.meta.url);
  switch (by) {
    case 'bound':
      return (one) => boundInput('chat', one).upper;
    case 'count':
      forgetTexts();
      return (one) => countInput('chat', one).tokens;
    case 'json':
      return (one) => JSON.stringify(one).length;
    case 'js-tiktoken': {
      const { getEncoding } = require('js-tiktoken') as typeof import('js-tiktoken');
      const encoding = getEncoding('o200k_base');
      return (one) => sum(one, (text) => encoding.encode(text, [], []).length);
    }
    case 'gpt-tokenizer': {
      const { countTokens } = require('gpt-tokenizer/encoding/o200k_base') as {
        countTokens: (text: string) => number;
      };
      return (one) => sum(one, countTokens);
    }
  }
}

function sum({ messages }: ReturnType<typeof body>, count: (text: string) => number): number {
  return messages.reduce((all, { content }) => all + count(content), 0);
}
