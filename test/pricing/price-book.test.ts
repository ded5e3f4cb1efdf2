import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { bookModels } from '../../src/pricing/genai-prices.ts';
import { PriceBook, PriceUnknownError, type Rates, type RateTier } from '../../src/pricing/index.ts';

function ratesOf(book: PriceBook, model: string, baseUrl?: string): Rates {
  const first = book.lookup({ model, ...(baseUrl === undefined ? {} : { baseUrl }) }).tiers[0];
  assert.ok(first);
  return first.rates;
}

describe('a model of the book', () => {
  const book = new PriceBook();

  it('has its price whoever serves it', () => {
    const urls = [
      'https://api.openai.com/v1',
      'https://x.openai.azure.com/openai',
      'http://localhost:1234/v1',
    ];
    for (const url of [undefined, ...urls, 'not a url']) {
      const rates = ratesOf(book, 'gpt-5.2', url);
      assert.deepEqual([rates.input, rates.output, rates.cachedInput], [1_750_000, 14_000_000, 175_000], url);
    }
  });

  it('has the price of its dated names', () => {
    const card = book.lookup({ model: 'gpt-5.2-2025-12-11' });
    assert.equal(card.source, 'book');
    assert.equal(card.pricedAs, 'gpt-5.2');
    assert.equal(card.model, 'gpt-5.2-2025-12-11');
  });

  it('may be spelt as Azure does', () => {
    for (const name of ['gpt-35-turbo', 'gpt-35-turbo-16k']) {
      const card = book.lookup({ model: name });
      assert.equal(card.source, 'book', name);
      assert.deepEqual(ratesOf(book, name), ratesOf(book, name.replace('35', '3.5')));
    }
  });

  it('charges a kind without a price as the whole it is part of', () => {
    const rates = ratesOf(book, 'gpt-4');
    assert.equal(rates.cachedInput, rates.input);
    assert.equal(rates.audioOutput, rates.output);
  });

  it('may have audio prices of its own', () => {
    const rates = ratesOf(book, 'gpt-audio');
    assert.ok(rates.audioInput > rates.input && rates.audioOutput > rates.output);
  });
});

describe('the names of the openai SDK', () => {
  const types = join(dirname(createRequire(import.meta.url).resolve('openai')), 'resources/shared.d.ts');
  const list = /export type ChatModel = ([^;]*);/.exec(readFileSync(types, 'utf8'))?.[1] ?? '';
  const names = [...list.matchAll(/'([^']+)'/g)].flatMap((match) => match[1] ?? []);

  it('are known to the book, all but two at most', () => {
    const book = new PriceBook();
    const unknown = names.filter((model) => book.findKnown({ model }) === undefined);
    assert.ok(names.length >= 90, `${names.length} names found`);
    assert.ok(names.length - unknown.length >= 88, `unknown: ${unknown}`);
  });

  it('are all priced, and none at nothing', () => {
    const book = new PriceBook();
    for (const model of names) {
      const rates = ratesOf(book, model);
      assert.ok(rates.input > 0 && rates.output > 0, model);
    }
  });
});

describe('a price of the user', () => {
  const book = new PriceBook({
    prices: { 'gpt-5.2': { input: 1, output: 2, cachedInput: 0.1 }, mine: { input: 3, output: 4 } },
    unknownModel: 'error',
  });

  it('goes before the book', () => {
    const card = book.lookup({ model: 'gpt-5.2', baseUrl: 'https://api.openai.com/v1' });
    assert.equal(card.source, 'override');
    assert.equal(card.pricedAs, undefined);
    const { input, output, cachedInput, cacheWrite, imageOutput } = ratesOf(book, 'gpt-5.2');
    assert.deepEqual(
      [input, output, cachedInput, cacheWrite, imageOutput],
      [1_000_000, 2_000_000, 100_000, 1_000_000, 2_000_000],
    );
  });

  it('makes a model known', () => {
    assert.ok(book.findKnown({ model: 'mine' }));
    assert.equal(book.findKnown({ model: 'theirs-99' }), undefined);
    assert.equal(book.lookup({ model: 'mine' }).source, 'override');
  });
});

describe('a model without a price', () => {
  it('is priced as the dearest of its family', () => {
    const book = new PriceBook();
    for (const [model, pricedAs] of [
      ['gpt-5.9-turbo', 'gpt-5.4-pro'],
      ['o5', 'o1-pro'],
      ['text-embedding-9', 'text-embedding-3-large'],
      ['my-deployment', 'o1-pro'],
      ['', 'o1-pro'],
    ] as const) {
      const card = book.lookup({ model });
      assert.deepEqual([card.source, card.pricedAs], ['family', pricedAs], model);
    }
  });

  it('is refused by the policy "error"', () => {
    const book = new PriceBook({ unknownModel: 'error' });
    assert.throws(
      () => book.lookup({ model: 'gpt-99' }),
      (error) => {
        assert.ok(error instanceof PriceUnknownError);
        assert.equal(error.code, 'token_budget_price_unknown');
        assert.equal(error.status, 402);
        assert.equal(error.model, 'gpt-99');
        assert.match(error.message, /"gpt-99".*TOKEN_BUDGET_CONFIG.*"unknownModel"/);
        return true;
      },
    );
    assert.equal(book.lookup({ model: 'gpt-5.2' }).source, 'book');
  });

  it('costs nothing by the policy "zero"', () => {
    const book = new PriceBook({ unknownModel: 'zero' });
    assert.equal(book.lookup({ model: 'gpt-99' }).source, 'none');
    assert.deepEqual([...new Set(Object.values(ratesOf(book, 'gpt-99')))], [0]);
  });

  it('costs what is given for it', () => {
    const book = new PriceBook({ unknownModel: { input: 1.5, output: 6 } });
    assert.equal(book.lookup({ model: 'gpt-99' }).source, 'none');
    assert.deepEqual([ratesOf(book, 'gpt-99').input, ratesOf(book, 'gpt-99').output], [1_500_000, 6_000_000]);
  });

  it('is priced as the model whose highest tier is the highest', () => {
    const dearest = (tiers: readonly RateTier[]): number =>
      Math.max(...tiers.map(({ rates }) => rates.input + rates.output));
    const most = Math.max(...bookModels().map(({ tiers }) => dearest(tiers)));
    assert.equal(dearest(new PriceBook().lookup({ model: 'my-deployment' }).tiers), most);
    const family = bookModels().filter(({ id }) => /^gpt-5\b/.test(id));
    const card = new PriceBook().lookup({ model: 'gpt-5.99' });
    assert.equal(dearest(card.tiers), Math.max(...family.map(({ tiers }) => dearest(tiers))));
  });

  // OpenAI: $3 in, $12 out.
  it('is not priced too low: a fine-tuned one', () => {
    const { output } = ratesOf(new PriceBook(), 'ft:gpt-4.1-2025-04-14:org::id');
    assert.ok(output >= 12_000_000, `${output}`);
  });
});

describe('look-ups', () => {
  it('are cached', () => {
    const book = new PriceBook();
    const query = { model: 'gpt-5.2', baseUrl: 'https://api.openai.com/v1' };
    assert.equal(book.lookup(query), book.lookup({ ...query }));
    assert.notEqual(book.lookup(query), book.lookup({ model: 'gpt-5.2' }));
  });

  it('are cached for an hour', (test) => {
    test.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    const book = new PriceBook();
    const first = book.lookup({ model: 'gpt-5.2' });
    test.mock.timers.tick(3_599_999);
    assert.equal(book.lookup({ model: 'gpt-5.2' }), first);
    test.mock.timers.tick(1);
    const second = book.lookup({ model: 'gpt-5.2' });
    assert.notEqual(second, first);
    assert.equal(book.lookup({ model: 'gpt-5.2' }), second);
  });

  it('of made-up names do not grow the memory without bound', () => {
    const book = new PriceBook({ unknownModel: 'zero' });
    const first = book.lookup({ model: 'made-up-0' });
    for (let n = 1; n <= 1_000; n += 1) book.lookup({ model: `made-up-${n}` });
    assert.notEqual(book.lookup({ model: 'made-up-0' }), first);
  });

  it('of made-up base URLs do not grow the memory without bound', () => {
    const book = new PriceBook({ unknownModel: 'zero' });
    const query = (n: number) => ({ model: 'made-up', baseUrl: `https://${n}.example/v1` });
    const first = book.lookup(query(0));
    assert.equal(book.lookup(query(0)), first);
    for (let n = 1; n <= 40; n += 1) book.lookup(query(n));
    assert.notEqual(book.lookup(query(0)), first);
  });
});
