import type { ConversationOptions, ConversationResult } from '../apps/conversation.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { runApp, versionOf } from '../harness/processes.ts';
import { interleave, median } from '../harness/rounds.ts';

const TURNS = [1, 10, 100, 1_000];

const ROUNDS = 5;
const WARM_UP = 10;

const WHO: readonly (readonly [by: ConversationOptions['by'], name: string])[] = [
  ['bound', 'ours, far from the limit: bounded'],
  ['count', 'ours, near the limit: counted, earlier turns remembered'],
  ['js-tiktoken', 'js-tiktoken, everything'],
  ['gpt-tokenizer', 'gpt-tokenizer, everything'],
  ['json', '`JSON.stringify`, as the SDK does to send it'],
];

export const conversations: Part = {
  name: 'conversations',
  title: 'Growing conversations',
  method:
    'Microseconds for the input of one request at a turn of a conversation, whose messages have about 400 characters and are built anew ' +
    `for each request, the last of them always a new one. A process for each row and turn in each of ${ROUNDS} rounds, interleaved; ${WARM_UP} requests to warm up, one for the other encoders, which take long; ` +
    'of each process the median of its requests, of the rounds the median.',
  run: measure,
};

async function measure({ quick, progress }: Context): Promise<PartResult> {
  const setUps = TURNS.flatMap((turns) =>
    WHO.map(([by]) => ({
      name: `${by}\n${turns}`,
      measure: () => runApp<ConversationResult>('conversation.ts', inputOf(by, turns, quick)),
    })),
  );
  const measured = await interleave(setUps, quick ? 1 : ROUNDS, progress);
  const us = (by: string, turns: number): number =>
    median((measured.get(`${by}\n${turns}`) ?? []).map((one) => one.us));
  const [first = 1, ...later] = TURNS;
  const last = later.at(-1) ?? first;
  const share = us('bound', last) / us('json', last);
  return {
    tables: [
      {
        head: ['µs a request', ...TURNS.map((turns) => `turn ${turns.toLocaleString('en')}`)],
        rows: WHO.map(([by, name]) => [name, ...TURNS.map((turns) => us(by, turns).toFixed(1))]),
      },
    ],
    notes: [
      `js-tiktoken ${versionOf('js-tiktoken')}, gpt-tokenizer ${versionOf('gpt-tokenizer')}.`,
      `The bound looks at each message once, ${((us('bound', last) * 1_000) / (2 * last - 1)).toFixed(0)} ns each, and at no token: at turn ${last.toLocaleString('en')} it takes ${(share * 100).toFixed(0)} % of the time that serializing the request takes. It cannot skip the messages that it saw: a caller may change them.`,
    ],
    figures: { 'bound µs at turn 1000': us('bound', last), 'bound µs at turn 1': us('bound', first) },
  };
}

function inputOf(by: ConversationOptions['by'], turns: number, quick: boolean): ConversationOptions {
  const warmUp = by === 'js-tiktoken' || by === 'gpt-tokenizer' ? 1 : WARM_UP;
  return { turns, by, warmUp, repeats: Math.max(5, Math.round((quick ? 200 : 1_000) / turns)) };
}
