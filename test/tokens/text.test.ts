import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Tiktoken } from 'js-tiktoken/lite';
import type { Ranks } from '../../src/tokens/bpe/rank-table.ts';
import { countingWork, countText, type EncodingName, forgetTexts } from '../../src/tokens/index.ts';
import { hasRecordings, NO_RECORDINGS, rawRecordings } from './recordings.ts';

const ENCODINGS: readonly EncodingName[] = ['o200k_base', 'cl100k_base'];

const oracles = new Map<EncodingName, Tiktoken>();

/** js-tiktoken's count with special tokens as plain text. */
function oracle(text: string, encoding: EncodingName): number {
  let tiktoken = oracles.get(encoding);
  if (tiktoken === undefined) {
    const ranks = createRequire(import.meta.url)(`js-tiktoken/ranks/${encoding}`) as Ranks;
    tiktoken = new Tiktoken({ ...ranks, special_tokens: { '<|endoftext|>': 0 } });
    oracles.set(encoding, tiktoken);
  }
  return tiktoken.encode(text, [], []).length;
}

const SAMPLES: Readonly<Record<string, string>> = {
  prose:
    "It's raining in Sao Paulo; we'll stay in, won't we? THEY'VE left already -- at 10:45, 23°C outside…",
  code: 'export function f(a: number[]) {\n\tfor (let i = 0; i < a.length; ++i) {\n\t\ta[i] **= 2; // _x1\r\n\t}\n}\n',
  json: '{"id":"ab_12","list":[1,22,333,4444,55555.5e-10],"nested":{"a":null,"b":[true,false]},"s":"\\n\\t"}',
  cjk: '人工智能正在改变世界。日本語のテキストもカタカナも数えます。한국어 문장도 있습니다, 그렇죠?',
  emoji: 'family 👨‍👩‍👧‍👦 flag 🇧🇷 skin 👍🏽 heart ❤️ keycap 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  scripts: 'Привет мир, Γειά σου Κόσμε, שלום עולם, مرحبا بالعالم, नमस्ते दुनिया, สวัสดีชาวโลก, e\u0301a\u0300 ǅ ʰ',
  whitespace: `a${' '.repeat(90)}b\n\n\n \n\t\t \r\n\r\n   c \u00a0\u2003\u3000d${'\n'.repeat(40)} `,
  special: '<|endoftext|><|endofprompt|><|im_start|>user<|im_end|> <|fim_prefix|>',
  surrogates: 'a\ud800b \udc00\udc00 \ud83d x\ude00\ud83d\ud83d\ude00',
  runs: `${'a'.repeat(300)} ${'A'.repeat(200)} ${'中'.repeat(100)} ${'='.repeat(250)} ${'1'.repeat(100)}`,
  controls: '\u0000\u0001\u007f\u0080\u00ad\ufeff\u200b\uffff',
};

describe('the counts are those of js-tiktoken', () => {
  for (const encoding of ENCODINGS)
    for (const [name, text] of Object.entries(SAMPLES))
      it(`${encoding}: ${name}`, () => assert.equal(countText(text, encoding), oracle(text, encoding)));

  it('of known texts', () => {
    assert.equal(countText('', 'o200k_base'), 0);
    assert.equal(countText('hello world', 'cl100k_base'), 2);
    assert.equal(countText('antidisestablishmentarianism', 'cl100k_base'), 6);
    assert.equal(countText('antidisestablishmentarianism', 'o200k_base'), 6);
  });

  const character = fc.oneof(
    fc.constantFrom(...'aeiouAEIOU  \n\t\r\'".,/\\0123456789_-=<|>éß中文한あ\u0301\ud800\udfff'),
    fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
    fc.constantFrom('👩‍👧', "'s", "'LL", '  ', '\r\n', 'the', ' of', 'ing'),
  );
  const text = fc.array(character, { maxLength: 40 }).map((characters) => characters.join(''));
  for (const encoding of ENCODINGS)
    it(`${encoding}: of any text`, () => {
      fc.assert(
        fc.property(text, (any) => {
          assert.equal(countText(any, encoding), oracle(any, encoding));
        }),
        { numRuns: 400, seed: 7 },
      );
    });

  it('of all texts in the recordings', { skip: hasRecordings ? false : NO_RECORDINGS }, () => {
    const texts = new Set<string>();
    const collect = (value: unknown): void => {
      // js-tiktoken takes a time that grows with the square of a long word, so base64 is left out.
      if (typeof value === 'string' && value.length < 4000) texts.add(value);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
    };
    rawRecordings().forEach(collect);
    assert.ok(texts.size > 2000);
    for (const encoding of ['o200k_base', 'cl100k_base'] as const)
      for (const one of texts) assert.equal(countText(one, encoding), oracle(one, encoding), one);
  });
});

describe('the work', () => {
  /** Steps of merging a text that was not counted before. */
  function steps(one: string): number {
    forgetTexts();
    const before = countingWork('o200k_base').steps;
    countText(one, 'o200k_base');
    return countingWork('o200k_base').steps - before;
  }

  for (const character of ['a', 'A', '中', ' ', '=', '\n', '👍'])
    it(`grows as n log n on a run of ${JSON.stringify(character)}`, () => {
      const few = steps(character.repeat(2_000));
      const many = steps(character.repeat(32_000));
      // 16 times the length: n log n allows 16 × log(32000)/log(2000) = 22; a quadratic merge would be 256.
      assert.ok(few >= 2_000, `${few} steps`);
      assert.ok(many < few * 24, `${few} and ${many} steps`);
    });

  it('is bounded by the text for a word of random letters', () => {
    let seed = 1;
    const letters = Array.from({ length: 20_000 }, () => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return String.fromCharCode(97 + ((seed >> 16) % 26));
    }).join('');
    assert.ok(steps(letters) < 20_000 * (3 + 2 * Math.log2(20_000)));
  });

  it('is nothing for a text that was counted before, and whole for one that changed', () => {
    const long = 'An agent reads the same long text again and again. '.repeat(50);
    const characters = (): number => countingWork('o200k_base').characters;
    forgetTexts();
    const start = characters();
    const tokens = countText(long, 'o200k_base');
    assert.equal(characters() - start, long.length);
    assert.equal(countText(long.slice(0, -1) + long.slice(-1), 'o200k_base'), tokens);
    assert.equal(characters() - start, long.length);
    countText(`${long}!`, 'o200k_base');
    assert.equal(characters() - start, 2 * long.length + 1);
  });

  it('forgets the oldest texts', () => {
    const characters = (): number => countingWork('cl100k_base').characters;
    forgetTexts();
    const texts = Array.from({ length: 48 }, (_, number) => `${number} `.repeat(100_000));
    for (const text of texts) countText(text, 'cl100k_base');
    const before = characters();
    countText(texts.at(-1) ?? '', 'cl100k_base');
    assert.equal(characters(), before);
    countText(texts[0] ?? '', 'cl100k_base');
    assert.ok(characters() > before);
    forgetTexts();
  });
});

describe('a text of any length', () => {
  it('is counted in slices without changing the count at a line', () => {
    const line = 'The quick brown fox jumps over the lazy dog.\n';
    const lines = 12_000;
    assert.ok(line.length * lines > 1 << 19);
    forgetTexts();
    const whole = countText(line.repeat(lines), 'o200k_base');
    assert.equal(whole, lines * countText(line, 'o200k_base'));
  });

  it('of one character does not fail, nor split a surrogate pair', () => {
    const pairs = (1 << 18) + 1;
    assert.equal(countText('中'.repeat(3_000_000), 'o200k_base') > 0, true);
    assert.equal(countText(`x${'👍'.repeat(pairs)}`, 'cl100k_base') >= pairs, true);
  });
});
