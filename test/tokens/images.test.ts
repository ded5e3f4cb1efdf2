import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageSize, imageTokens } from '../../src/tokens/rules/images.ts';

function bytes(length: number, parts: Readonly<Record<number, readonly number[]>>): Buffer {
  const buffer = Buffer.alloc(length);
  for (const [at, values] of Object.entries(parts)) buffer.set(values, Number(at));
  return buffer;
}

function url(type: string, content: Buffer): string {
  return `data:image/${type};base64,${content.toString('base64')}`;
}

const ascii = (text: string): readonly number[] => [...Buffer.from(text, 'latin1')];

const JPEG_HEAD = [0xff, 0xd8, 0xff, 0xe0, 0, 6, 1, 2, 3, 4, 0xff, 0xff, 0xc4, 0, 4, 9, 9];

describe('the size of an image', () => {
  const images: Readonly<Record<string, string>> = {
    png: url('png', bytes(24, { 1: ascii('PNG'), 16: [0, 0, 1, 0x90, 0, 0, 1, 0x2d] })),
    gif: url('gif', bytes(10, { 0: ascii('GIF89a'), 6: [0x90, 1, 0x2d, 1] })),
    'webp, lossy': url('webp', bytes(30, { 8: ascii('WEBPVP8 '), 26: [0x90, 0x41, 0x2d, 1] })),
    // 399 and 300 in 14 bits each, little end first.
    'webp, lossless': url('webp', bytes(30, { 8: ascii('WEBPVP8L'), 21: [0x8f, 0x01, 0x4b, 0] })),
    'webp, extended': url('webp', bytes(30, { 8: ascii('WEBPVP8X'), 24: [0x8f, 1, 0, 0x2c, 1, 0] })),
    'jpeg, after other segments': url(
      'jpeg',
      Buffer.from([...JPEG_HEAD, 0xff, 0xc2, 0, 17, 8, 1, 0x2d, 1, 0x90, 3]),
    ),
  };
  for (const [name, image] of Object.entries(images))
    it(`is read from ${name}`, () => assert.deepEqual(imageSize(image), { width: 400, height: 301 }));

  const unknown: Readonly<Record<string, string>> = {
    'a URL': 'https://example.com/a.png',
    'no image': url('png', Buffer.from('hello, this is no image at all, just a text')),
    'an empty one': 'data:image/png;base64,',
    'a cut PNG': url('png', bytes(18, { 1: ascii('PNG') })),
    'a cut JPEG': url('jpeg', Buffer.from(JPEG_HEAD)),
    'a PNG of no size': url('png', bytes(24, { 1: ascii('PNG') })),
    'text encoding': 'data:image/svg+xml,<svg/>',
  };
  for (const [name, image] of Object.entries(unknown))
    it(`is unknown for ${name}`, () => assert.equal(imageSize(image), undefined));
});

describe('the tokens of an image', () => {
  const known = [
    // The examples of https://platform.openai.com/docs/guides/images-vision#calculating-costs
    ['gpt-4o', 1024, 1024, 'high', 765],
    ['gpt-4o', 2048, 4096, 'high', 1105],
    ['gpt-4o', 4096, 8192, 'low', 85],
    ['gpt-4o', 800, 400, undefined, 425],
    ['gpt-4o-mini', 512, 512, 'high', 8500],
    ['gpt-4.1-mini', 1024, 1024, 'auto', 1659],
    ['o4-mini', 10_000, 10_000, 'auto', 2642],
    ['gpt-5', 1024, 1024, 'high', 630],
    ['o1', 1024, 1024, 'high', 675],
    // Billed in recordings.
    ['gpt-5-mini', 400, 301, undefined, 156],
    ['gpt-5-mini', 597, 566, undefined, 411],
    ['gpt-4.1-nano', 540, 360, 'auto', 502],
  ] as const;
  for (const [model, width, height, detail, tokens] of known)
    it(`${model} ${width}×${height} ${detail ?? ''}`, () =>
      assert.equal(imageTokens(model, { width, height }, detail).tokens, tokens));

  it('of an unknown size is bounded by the largest image', () => {
    for (const model of [
      'gpt-4o',
      'gpt-4o-mini',
      'gpt-4.1-mini',
      'gpt-5-mini',
      'gpt-5',
      'o3',
      'o4-mini',
      'gpt-9',
    ])
      for (const detail of ['auto', 'high', 'low', 'original', undefined]) {
        const { tokens, upper } = imageTokens(model, undefined, detail);
        assert.ok(tokens <= upper);
        for (const width of [1, 511, 513, 768, 1000, 2000, 2049, 20_000])
          for (const height of [1, 512, 769, 1500, 2048, 9000]) {
            const sized = imageTokens(model, { width, height }, detail);
            assert.ok(sized.tokens <= sized.upper);
            assert.ok(
              sized.upper <= upper,
              `${model} ${detail} ${width}×${height}: ${sized.upper} > ${upper}`,
            );
          }
      }
  });
});
