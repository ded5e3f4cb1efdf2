import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  attributesNotEmitted,
  attributeType,
  compareNames,
  isMistake,
} from '../scripts/conventions/compare.ts';
import { readModel } from '../scripts/conventions/model.ts';
import { type Entry, entriesOf, SOURCE } from '../scripts/telemetry-docs.ts';

const model = readModel([
  `
file_format: definition/2
attributes:
  - key: gen_ai.request.model
    type: string
  - key: gen_ai.request.top_k
    type: int
  - key: gen_ai.operation.name
    type:
      members:
        - id: chat
          value: chat
  - key: gen_ai.input.messages
    type: any
  - key: gen_ai.usage.cache_creation.input_tokens
    type: int
    deprecated:
      reason: renamed
      renamed_to: gen_ai.usage.cache_write.input_tokens
  - key: gen_ai.old
    type: string
    deprecated:
      reason: obsoleted
`,
  `
file_format: definition/2
attribute_groups:
  - id: common
    attributes:
      - ref: gen_ai.operation.name
        requirement_level: required
      - ref: server.port
        requirement_level:
          conditionally_required: If set.
metrics:
  - name: gen_ai.client.inference.duration
    instrument: histogram
    unit: "s"
events:
  - name: gen_ai.client.inference.operation.details
spans:
  - type: gen_ai.client.inference
    attributes:
      - ref_group: common
      - ref: gen_ai.request.model
      - ref: gen_ai.request.top_k
        requirement_level:
          conditionally_required: If applicable.
`,
]);

function entry(constant: string, name: string, tags: Entry['tags'] = {}): Entry {
  return { group: 'request', constant, name, meaning: '', tags };
}

describe('the comparison with the conventions', () => {
  for (const [what, one, result] of [
    ['the same', entry('ATTR_A', 'gen_ai.request.model', { example: 'gpt-5.2' }), 'ok'],
    ['an enum', entry('ATTR_A', 'gen_ai.operation.name', { example: 'chat' }), 'ok'],
    ['any type', entry('ATTR_A', 'gen_ai.input.messages', { example: '[{"role":"user"}]' }), 'ok'],
    ['another type', entry('ATTR_A', 'gen_ai.request.top_k', { example: '0.5' }), 'different'],
    ['no such name', entry('ATTR_A', 'gen_ai.request.nothing'), 'missing'],
    ['an attribute named like a metric', entry('ATTR_A', 'gen_ai.client.inference.duration'), 'missing'],
    [
      'an older name',
      entry('ATTR_A', 'gen_ai.usage.cache_creation.input_tokens', { example: '1' }),
      'renamed',
    ],
    ['a deprecated name', entry('ATTR_A', 'gen_ai.old'), 'deprecated'],
    ['a proposal', entry('ATTR_A', 'gen_ai.usage.cost.amount', { proposed: 'pull request 443' }), 'proposed'],
    [
      'a proposal that was merged',
      entry('ATTR_A', 'gen_ai.request.model', { proposed: 'issue 1' }),
      'merged',
    ],
    [
      'the same metric',
      entry('METRIC_A', 'gen_ai.client.inference.duration', { kind: 'histogram', unit: 's' }),
      'ok',
    ],
    [
      'a metric of another kind',
      entry('METRIC_A', 'gen_ai.client.inference.duration', { kind: 'counter', unit: 's' }),
      'different',
    ],
    [
      'a metric in another unit',
      entry('METRIC_A', 'gen_ai.client.inference.duration', { kind: 'histogram', unit: 'ms' }),
      'different',
    ],
    ['an event', entry('EVENT_A', 'gen_ai.client.inference.operation.details'), 'ok'],
  ] as const) {
    it(`finds ${what}: ${result}`, () => {
      const [finding] = compareNames([one], model);
      assert.equal(finding?.result, result);
      assert.equal(isMistake(finding), result !== 'ok' && result !== 'proposed');
    });
  }

  it('leaves out names of ours and of other conventions', () => {
    assert.deepEqual(
      compareNames(
        [
          entry('ATTR_A', 'token_budget.name'),
          entry('ATTR_B', 'server.port'),
          entry('ATTR_C', 'openai.api.type'),
        ],
        model,
      ),
      [],
    );
  });

  it('lists the attributes of a span that are not emitted', () => {
    const emitted = [entry('ATTR_A', 'gen_ai.request.model')];
    assert.deepEqual(attributesNotEmitted(emitted, model, ['gen_ai.client.inference', 'none']), [
      { span: 'gen_ai.client.inference', name: 'gen_ai.operation.name', level: 'required' },
      { span: 'gen_ai.client.inference', name: 'gen_ai.request.top_k', level: 'conditionally_required' },
    ]);
  });
});

it('every attribute has a type that follows from its tags, by what it is set to', () => {
  const types = Object.fromEntries(
    entriesOf(readFileSync(SOURCE, 'utf8')).map((one) => [one.name, attributeType(one)]),
  );
  const expected = {
    'gen_ai.request.model': 'string',
    'gen_ai.request.max_tokens': 'int',
    'gen_ai.request.temperature': 'double',
    'gen_ai.request.stream': 'boolean',
    'gen_ai.request.stop_sequences': 'string[]',
    'gen_ai.prompt.version': 'string',
    'gen_ai.response.time_to_first_chunk': 'double',
    'gen_ai.usage.cache_write.input_tokens': 'int',
  };
  for (const [name, type] of Object.entries(expected)) assert.equal(types[name], type, name);
});
