import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Attributes, diag, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision, TracerProvider } from '@opentelemetry/sdk-trace';
import { createSampler } from '../../src/telemetry/sdk/sampler-env.ts';
import { RecordModelCallsSampler } from '../../src/telemetry/vendors/sampler.ts';

const { NOT_RECORD, RECORD, RECORD_AND_SAMPLED } = SamplingDecision;

/** A sampler that always says the same. */
function always(decision: SamplingDecision, attributes?: Attributes): Sampler {
  return {
    shouldSample: () => ({ decision, ...(attributes === undefined ? {} : { attributes }) }),
    toString: () => 'Always',
  };
}

function decide(
  sampler: Sampler,
  attributes: Attributes = {},
  traceId = '1'.repeat(32),
  parent = ROOT_CONTEXT,
) {
  return sampler.shouldSample(parent, traceId, 'span', SpanKind.CLIENT, attributes, []);
}

const chat = { 'gen_ai.operation.name': 'chat' };

describe('the sampler that records model calls', () => {
  for (const operation of ['chat', 'text_completion', 'embeddings', 'generate_content']) {
    it(`records ${operation} that is not sampled, and does not sample it`, () => {
      const sampler = new RecordModelCallsSampler(always(NOT_RECORD));
      assert.equal(decide(sampler, { 'gen_ai.operation.name': operation }).decision, RECORD);
    });
  }

  it('leaves every other decision to the user', () => {
    for (const attributes of [
      {},
      { 'gen_ai.operation.name': 'invoke_agent' },
      { 'gen_ai.operation.name': 5 },
    ]) {
      assert.equal(decide(new RecordModelCallsSampler(always(NOT_RECORD)), attributes).decision, NOT_RECORD);
    }
    for (const decision of [RECORD, RECORD_AND_SAMPLED]) {
      assert.equal(decide(new RecordModelCallsSampler(always(decision)), chat).decision, decision);
    }
  });

  it('keeps what else the user decides, and says whom it asks', () => {
    const sampler = new RecordModelCallsSampler(always(NOT_RECORD, { 'sampled.by': 'me' }));
    assert.deepEqual(decide(sampler, chat).attributes, { 'sampled.by': 'me' });
    assert.equal(sampler.toString(), 'RecordModelCallsSampler{Always}');
  });

  it('has spans recorded and not exported', () => {
    const provider = new TracerProvider({ sampler: new RecordModelCallsSampler(always(NOT_RECORD)) });
    const span = provider.getTracer('t').startSpan('chat', { attributes: chat });
    assert.equal(span.isRecording(), true);
    assert.equal(span.spanContext().traceFlags & TraceFlags.SAMPLED, 0);
    assert.equal(provider.getTracer('t').startSpan('other').isRecording(), false);
  });
});

describe('the sampler of the environment', () => {
  const errors: string[] = [];
  beforeEach(() => {
    const quiet = (): void => undefined;
    const error = (message: string): void => void errors.push(message);
    diag.setLogger({ error, warn: quiet, info: quiet, debug: quiet, verbose: quiet });
  });
  afterEach(() => {
    diag.disable();
    errors.length = 0;
  });

  const of = (name?: string, arg?: string): Sampler =>
    createSampler({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: arg });
  const under = (traceFlags: TraceFlags) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags });
  const low = '0'.repeat(31).concat('1');
  const high = 'f'.repeat(8).concat('0'.repeat(24));

  const cases: readonly (readonly [string | undefined, boolean, boolean, boolean])[] = [
    // Of a root, of one whose parent was sampled, of one whose parent was not.
    [undefined, true, true, false],
    ['', true, true, false],
    ['always_on', true, true, true],
    ['always_off', false, false, false],
    ['parentbased_always_on', true, true, false],
    ['parentbased_always_off', false, true, false],
    [' parentbased_traceidratio ', true, true, false],
    ['traceidratio', true, true, true],
  ];
  for (const [name, root, sampled, unsampled] of cases) {
    it(`${name} is as the specification says`, () => {
      const sampler = of(name, '1');
      const samples = (parent = ROOT_CONTEXT): boolean =>
        decide(sampler, {}, '1'.repeat(32), parent).decision === RECORD_AND_SAMPLED;
      assert.deepEqual(
        [samples(), samples(under(TraceFlags.SAMPLED)), samples(under(TraceFlags.NONE))],
        [root, sampled, unsampled],
      );
      assert.deepEqual(errors, []);
    });
  }

  it('takes the share of a ratio', () => {
    for (const name of ['traceidratio', 'parentbased_traceidratio']) {
      for (const [arg, ids] of [
        ['0', []],
        ['0.5', [low]],
        ['1', [low, high]],
      ] as const) {
        const sampled = [low, high].filter(
          (id) => decide(of(name, arg), {}, id).decision === RECORD_AND_SAMPLED,
        );
        assert.deepEqual(sampled, ids, `${name} of ${arg}`);
      }
    }
    assert.deepEqual(errors, []);
  });

  it('takes all where the share cannot be read, and says so', () => {
    for (const arg of [undefined, '', 'half', '-0.1', '1.1', 'NaN']) {
      assert.equal(decide(of('traceidratio', arg), {}, high).decision, RECORD_AND_SAMPLED);
      assert.match(
        errors.splice(0).join('\n'),
        /^OTEL_TRACES_SAMPLER_ARG: got ".*", expected a number from 0 to 1/,
      );
    }
  });

  it('is the default where its name is unknown, and says so', () => {
    const sampler = of('parentbased_jaeger_remote');
    assert.equal(decide(sampler).decision, RECORD_AND_SAMPLED);
    assert.equal(decide(sampler, {}, high, under(TraceFlags.NONE)).decision, NOT_RECORD);
    assert.match(errors.join(), /OTEL_TRACES_SAMPLER: unknown sampler "parentbased_jaeger_remote"/);
  });
});
