import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SseSplitter } from '../../src/calls/response/sse-splitter.ts';

/** The events in the chunks, with data and text, and the rest at the end. */
function split(chunks: readonly (Uint8Array | string)[]) {
  const splitter = new SseSplitter();
  const events = chunks
    .flatMap((chunk) => splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    .map(({ bytes, data }) => ({ text: Buffer.from(bytes).toString('utf8'), data }));
  return { events, rest: Buffer.from(splitter.rest()).toString('utf8') };
}

describe('SseSplitter', () => {
  it('splits after the blank line of each event and parses its data', () => {
    const { events, rest } = split(['data: {"a":1}\n\nevent: x\ndata: [2]\n\ndata: [DONE]\n\ndata: {"b"']);
    assert.deepEqual(events, [
      { text: 'data: {"a":1}\n\n', data: { a: 1 } },
      { text: 'event: x\ndata: [2]\n\n', data: [2] },
      { text: 'data: [DONE]\n\n', data: undefined },
    ]);
    assert.equal(rest, 'data: {"b"');
  });

  it('accepts lines that end with CRLF, LF or a mix', () => {
    const { events, rest } = split(['data: {"a":1}\r\n\r\ndata: 2\n\r\ndata: 3\r\n\ndata: 4\n\n']);
    assert.deepEqual(
      events.map(({ data }) => data),
      [{ a: 1 }, 2, 3, 4],
    );
    assert.equal(rest, '');
  });

  it('accepts no space after the colon, several lines of data, and comments', () => {
    const { events } = split([': keep-alive\n\ndata:{"a":\ndata:  1}\nid: 7\n\n']);
    assert.deepEqual(
      events.map(({ data }) => data),
      [undefined, { a: 1 }],
    );
  });

  it('finds events that arrive byte by byte', () => {
    const text = 'data: {"é":"日本"}\r\n\r\ndata: {"b":"👍"}\n\n';
    const { events } = split([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)));
    assert.deepEqual(
      events.map(({ data }) => data),
      [{ é: '日本' }, { b: '👍' }],
    );
  });

  it('copies the bytes of a chunk, which the caller may reuse', () => {
    const splitter = new SseSplitter();
    const chunk = Buffer.from('data: 1\n\ndata: 2');
    const [first] = splitter.push(chunk);
    chunk.fill(0);
    assert.equal(Buffer.from(first?.bytes ?? []).toString('utf8'), 'data: 1\n\n');
    assert.equal(splitter.push(Buffer.from('\n\n'))[0]?.data, 2);
  });
});

describe('SseSplitter, for any division into chunks', () => {
  const line = fc.oneof(
    fc.jsonValue().map((value) => `data: ${JSON.stringify(value)}`),
    fc.constantFrom('data: [DONE]', ': comment', 'event: x', 'data:', '', 'data: {"a":"👍日"}'),
    fc.string({ maxLength: 8, unit: 'grapheme' }),
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n', '\r\n\r\n', '')), { maxLength: 12 })
    .map((lines) => Buffer.from(lines.flat().join('')));
  const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 20 });

  const chunksOf = (bytes: Buffer, at: readonly number[]): Buffer[] => {
    const edges = [0, ...at.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length];
    return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
  };

  it('returns the same events and loses no byte', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, at) => {
        const expected = split([bytes]);
        const cut = split(chunksOf(bytes, at));
        assert.deepEqual(cut, expected);
        assert.equal(
          expected.events.map(({ text }) => text).join('') + expected.rest,
          bytes.toString('utf8'),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('loses no byte of arbitrary input', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 }), (chunks) => {
        const splitter = new SseSplitter();
        const parts = chunks.flatMap((chunk) => splitter.push(chunk)).map(({ bytes }) => bytes);
        assert.deepEqual(Buffer.concat([...parts, splitter.rest()]), Buffer.concat(chunks));
      }),
      { numRuns: 500 },
    );
  });
});
