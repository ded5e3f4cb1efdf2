import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AlwaysOffSampler, type Sampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { BudgetEvent } from '../../src/budget/index.ts';
import {
  type BudgetStatus,
  defineBudget,
  NOTHING,
  StoreError,
  TokenBudgetTracker,
} from '../../src/budget/index.ts';
import { PriceBook } from '../../src/pricing/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { withBudget } from '../../src/telemetry/context/current-budget.ts';
import {
  type ChargeableSpan,
  PENDING_CHARGE,
  type PendingCharge,
} from '../../src/telemetry/context/pending-charge.ts';
import { SCOPE } from '../../src/telemetry/names/scope.ts';
import { RecordModelCallsSampler } from '../../src/telemetry/vendors/sampler.ts';
import { BudgetSpanProcessor } from '../../src/telemetry/vendors/span-processor.ts';

function attachCharge(span: ChargeableSpan, charge: PendingCharge): void {
  span[PENDING_CHARGE] = charge;
}

/** A call of gpt-5.2 with 1,000 tokens in and 100 out, as another instrumentation tells it: $0.00315. */
const CALL: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'gpt-5.2',
  'gen_ai.usage.input_tokens': 1_000,
  'gen_ai.usage.output_tokens': 100,
};
const COST = 3_150_000;
const CHARGED = { costNanoUsd: COST, tokens: 1_100, calls: 1 };

/** The real provider with the processor on it, and spans of ours and of others. */
function traced(options: { sampler?: Sampler; store?: MemoryStore } = {}) {
  const { sampler, store = new MemoryStore() } = options;
  const budget = defineBudget({ name: 'b', limits: { costUsd: 10 } });
  const tracker = new TokenBudgetTracker(budget, { store });
  const provider = new TracerProvider({
    ...(sampler === undefined ? {} : { sampler: new RecordModelCallsSampler(sampler) }),
    spanProcessors: [new BudgetSpanProcessor({ tracker, prices: new PriceBook() })],
  });
  const [ours, theirs] = [provider.getTracer(SCOPE), provider.getTracer('langchain')];
  const settled = () => (tracker.status() as BudgetStatus).balances.settled;
  return { provider, tracker, ours, theirs, settled };
}

function start(tracer: Tracer, name: string, attributes: Attributes = {}, parent?: Span): Span {
  const within = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
  return tracer.startSpan(name, { attributes }, within);
}

describe('a span of another instrumentation', () => {
  it('that is a call of a model is charged by its usage', () => {
    const { theirs, settled } = traced();
    const span = start(theirs, 'chat', { 'gen_ai.operation.name': 'chat' });
    assert.deepEqual(settled(), NOTHING);
    span.setAttributes(CALL);
    span.end();
    span.end();
    assert.deepEqual(settled(), CHARGED);
  });

  const cases: readonly (readonly [string, Attributes, object])[] = [
    ['the model that answered', { 'gen_ai.response.model': 'gpt-4o-2024-08-06' }, { costNanoUsd: 3_500_000 }],
    ['its cached input', { 'gen_ai.usage.cache_read.input_tokens': 1_000 }, { costNanoUsd: 1_575_000 }],
    [
      'cached input that is told apart from its input',
      { 'gen_ai.usage.cache_read.input_tokens': 9_999 },
      { costNanoUsd: 4_899_825, tokens: 11_099 },
    ],
    ['its tier', { 'openai.response.service_tier': 'priority' }, { costNanoUsd: 2 * COST }],
    ['reasoning as output', { 'gen_ai.usage.reasoning.output_tokens': 90 }, { costNanoUsd: COST }],
    ['embeddings', { 'gen_ai.operation.name': 'embeddings' }, { calls: 1 }],
    ['no output', { 'gen_ai.usage.output_tokens': 'x' }, { costNanoUsd: 1_750_000, tokens: 1_000 }],
  ];
  for (const [name, attributes, expected] of cases) {
    it(`is charged for ${name}`, () => {
      const { theirs, settled } = traced();
      start(theirs, 'chat', { ...CALL, ...attributes }).end();
      assert.partialDeepStrictEqual(settled(), expected);
    });
  }

  it('may use the names of earlier conventions', () => {
    const { theirs, settled } = traced();
    const old = { 'gen_ai.usage.prompt_tokens': 1_000, 'gen_ai.usage.completion_tokens': 100 };
    start(theirs, 'chat', {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt-5.2',
      ...old,
    }).end();
    assert.deepEqual(settled(), CHARGED);
  });

  for (const operation of ['invoke_agent', 'create_agent', 'execute_tool', 'invoke_workflow', '']) {
    it(`is not charged where it sums others: ${operation}`, () => {
      const { theirs, settled } = traced();
      start(theirs, 'agent', { ...CALL, 'gen_ai.operation.name': operation }).end();
      assert.deepEqual(settled(), NOTHING);
    });
  }

  it('is not charged for usage that is none, or that cannot be believed', () => {
    const { theirs, settled } = traced();
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '100', true, 2 ** 60]) {
      const usage = { 'gen_ai.usage.input_tokens': value, 'gen_ai.usage.output_tokens': value };
      start(theirs, 'chat', { ...CALL, ...usage }).end();
    }
    start(theirs, 'chat', { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2' }).end();
    start(theirs, 'GET /', { 'gen_ai.usage.input_tokens': 5 }).end();
    assert.deepEqual(settled(), NOTHING);
  });

  it('is charged sampled or not', () => {
    const { theirs, settled, provider } = traced({ sampler: new AlwaysOffSampler() });
    start(theirs, 'chat', CALL).end();
    assert.deepEqual(settled(), CHARGED);
    return provider.forceFlush();
  });

  it('of a model without a price is charged by policy, also where it cannot be refused, and reported', () => {
    const { theirs, tracker, settled } = traced();
    const events: BudgetEvent[] = [];
    tracker.on((event) => events.push(event));
    start(theirs, 'chat', { ...CALL, 'gen_ai.request.model': 'nobody-knows' }).end();
    const first = settled().costNanoUsd;
    assert.ok(first > COST);
    const strict = new TracerProvider({
      spanProcessors: [
        new BudgetSpanProcessor({ tracker, prices: new PriceBook({ unknownModel: 'error' }) }),
      ],
    });
    start(strict.getTracer('x'), 'chat', { ...CALL, 'gen_ai.request.model': 'nobody-knows' }).end();
    assert.deepEqual([settled().calls, settled().costNanoUsd], [2, 2 * first]);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['price_unknown', 'call', 'price_unknown', 'call'],
    );
  });

  it('emits the event of a call, as any charge does', () => {
    const { theirs, tracker } = traced();
    const events: BudgetEvent[] = [];
    tracker.on((event) => events.push(event));
    start(theirs, 'chat', CALL).end();
    const [event, ...others] = events;
    assert.deepEqual(others, []);
    assert.ok(event?.type === 'call');
    assert.deepEqual(
      [event.origin, event.operation, event.model, event.charged.costNanoUsd],
      ['span', 'chat', 'gpt-5.2', COST],
    );
  });
});

describe('spans of others around one of ours', () => {
  it('are not charged where they are its parent or its child', () => {
    const { ours, theirs, settled } = traced();
    const above = start(theirs, 'chat', CALL);
    const own = start(ours, 'chat gpt-5.2', CALL, above);
    const below = start(theirs, 'chat', CALL, own);
    below.end();
    own.end();
    above.end();
    assert.deepEqual(settled(), NOTHING);
  });

  it('are charged where they are its siblings, before it and after it', () => {
    const { ours, theirs, settled } = traced();
    const root = start(theirs, 'workflow');
    const other = { ...CALL, 'gen_ai.response.id': 'chatcmpl-other' };
    start(theirs, 'chat', other, root).end();
    const own = start(ours, 'chat gpt-5.2', { ...CALL, 'gen_ai.response.id': 'chatcmpl-own' }, root);
    start(theirs, 'chat', other, root).end();
    own.end();
    start(theirs, 'chat', other, root).end();
    root.end();
    assert.equal(settled().calls, 3);
    assert.equal(settled().costNanoUsd, 3 * COST);
  });

  it('are not charged for a parent of several of ours', () => {
    const { ours, theirs, settled } = traced();
    const above = start(theirs, 'chat', CALL);
    for (let attempt = 0; attempt < 3; attempt += 1) start(ours, 'chat gpt-5.2', CALL, above).end();
    above.end();
    assert.deepEqual(settled(), NOTHING);
    start(theirs, 'chat', { ...CALL, 'gen_ai.usage.output_tokens': 101 }).end();
    assert.equal(settled().calls, 1);
  });

  it('are not charged across a span between', () => {
    const { ours, theirs, settled } = traced();
    const above = start(theirs, 'chat', CALL);
    const between = start(theirs, 'retry', {}, above);
    const own = start(ours, 'chat gpt-5.2', CALL, between);
    const http = start(theirs, 'POST', {}, own);
    start(theirs, 'chat', CALL, http).end();
    http.end();
    own.end();
    between.end();
    above.end();
    assert.deepEqual(settled(), NOTHING);
  });

  it('are not charged where a child of ours ends after it', () => {
    const { ours, theirs, settled } = traced();
    const own = start(ours, 'chat gpt-5.2', CALL);
    const below = start(theirs, 'chat', CALL, own);
    own.end();
    below.end();
    assert.deepEqual(settled(), NOTHING);
  });
});

describe('spans of several instrumentations for one call', () => {
  const above = { ...CALL, 'openinference.span.kind': 'LLM' };

  it('are charged once where one stands above the other, whichever ends first', () => {
    for (const order of ['inner first', 'outer first']) {
      const { theirs, settled } = traced();
      const outer = start(theirs, 'chat', above);
      const inner = start(theirs, 'chat', { ...CALL, 'gen_ai.usage.output_tokens': 99 }, outer);
      for (const span of order === 'inner first' ? [inner, outer] : [outer, inner]) span.end();
      assert.equal(settled().calls, 1, order);
    }
  });

  it('do not hide the calls of a tool that the model called', () => {
    const { ours, theirs, settled } = traced();
    const outer = start(theirs, 'ai.generateText.doGenerate', {
      ...CALL,
      'ai.operationId': 'ai.generateText.doGenerate',
    });
    const tool = start(theirs, 'ai.toolCall', { 'ai.operationId': 'ai.toolCall' }, outer);
    start(theirs, 'chat', { ...CALL, 'gen_ai.usage.output_tokens': 7 }, tool).end();
    start(ours, 'chat', { ...CALL, 'gen_ai.usage.output_tokens': 8 }, tool).end();
    tool.end();
    outer.end();
    assert.equal(settled().calls, 2);
  });

  /** A span with times of its own, milliseconds. */
  function timed(tracer: Tracer, from: number, attributes: Attributes): Span {
    return tracer.startSpan('chat', { startTime: new Date(from), attributes }, ROOT_CONTEXT);
  }

  const cases: readonly (readonly [string, Attributes, Attributes, number])[] = [
    ['at the same time with the same usage', {}, {}, 0],
    ['with another usage', {}, { 'gen_ai.usage.output_tokens': 101 }, 1],
    ['of another model', {}, { 'gen_ai.request.model': 'gpt-4.1' }, 1],
    ['with the same response', { 'gen_ai.response.id': 'a' }, { 'gen_ai.response.id': 'a' }, 0],
    ['with another response', { 'gen_ai.response.id': 'a' }, { 'gen_ai.response.id': 'b' }, 1],
  ];
  for (const [name, own, other, calls] of cases) {
    it(`that know nothing of each other: ${name}`, () => {
      const { ours, theirs, settled } = traced();
      const outer = timed(theirs, 1_000_000, { ...CALL, ...other });
      timed(ours, 1_000_100, { ...CALL, ...own }).end(new Date(1_000_200));
      outer.end(new Date(1_000_300));
      assert.equal(settled().calls, calls);
    });
  }

  it('that know nothing of each other: however many of ours were refused in between', () => {
    const { ours, theirs, settled } = traced();
    const outer = timed(theirs, 1_000_000, CALL);
    timed(ours, 1_000_100, CALL).end(new Date(1_000_200));
    for (let refused = 0; refused < 2_000; refused += 1) start(ours, 'chat').end();
    outer.end(new Date(1_000_300));
    assert.equal(settled().calls, 0);
  });

  it('that know nothing of each other: of another moment', () => {
    const { ours, theirs, settled } = traced();
    timed(ours, 1_000_100, CALL).end(new Date(1_000_200));
    timed(theirs, 1_000_150, CALL).end(new Date(1_000_300));
    assert.equal(settled().calls, 1);
  });

  it('that know nothing of each other: ours ends last', () => {
    const { ours, theirs, settled } = traced();
    const outer = timed(theirs, 1_000_000, CALL);
    const own = timed(ours, 1_000_100, CALL);
    outer.end(new Date(1_000_200));
    assert.equal(settled().calls, 0);
    own.end(new Date(1_000_201));
    assert.equal(settled().calls, 0);
  });

  it('that know nothing of each other: a call of ours that fails frees what waited for it', () => {
    const { ours, theirs, settled } = traced();
    const outer = timed(theirs, 1_000_000, CALL);
    const own = timed(ours, 1_000_100, {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt-5.2',
    });
    outer.end(new Date(1_000_200));
    own.end(new Date(1_000_201));
    assert.equal(settled().calls, 1);
  });

  it('that know nothing of each other: what waits is charged at shutdown', async () => {
    const { ours, theirs, settled, provider } = traced();
    const outer = timed(theirs, 1_000_000, CALL);
    timed(ours, 1_000_100, CALL);
    outer.end(new Date(1_000_200));
    await provider.shutdown();
    assert.equal(settled().calls, 1);
  });

  it('that know nothing of each other: two equal calls of ours are two', () => {
    const { ours, theirs, settled } = traced();
    const outer = [
      timed(theirs, 1_000_000, CALL),
      timed(theirs, 1_000_000, CALL),
      timed(theirs, 1_000_000, CALL),
    ];
    for (const at of [1_000_100, 1_000_110]) timed(ours, at, CALL).end(new Date(at + 10));
    for (const span of outer) span.end(new Date(1_000_300));
    assert.equal(settled().calls, 1);
  });
});

describe('a span of another instrumentation, further', () => {
  it('is charged to the budget that it was started in', () => {
    const { theirs, settled } = traced();
    const job = new TokenBudgetTracker(defineBudget({ name: 'job', limits: { costUsd: 1 } }), {
      store: new MemoryStore(),
    });
    const span = withBudget(job, () => theirs.startSpan('chat', { attributes: CALL }));
    span.end();
    assert.deepEqual(settled(), NOTHING);
    assert.deepEqual((job.status() as BudgetStatus).balances.settled, CHARGED);
  });

  it('is priced by the provider that it names', () => {
    const { theirs, settled } = traced();
    start(theirs, 'chat', {
      ...CALL,
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet-4-5',
    }).end();
    // 1,000 × $3 and 100 × $15 a million.
    assert.equal(settled().costNanoUsd, 4_500_000);
  });

  it('without usage is reported, but for one that failed', () => {
    const { theirs, tracker, settled } = traced();
    const events: string[] = [];
    tracker.on((event) => {
      if (event.type === 'usage_missing') events.push(`${event.model} ${event.charged}`);
    });
    const silent = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2' };
    start(theirs, 'chat', silent).end();
    const failed = start(theirs, 'chat', silent);
    failed.setStatus({ code: SpanStatusCode.ERROR });
    failed.end();
    assert.deepEqual(events, ['gpt-5.2 nothing']);
    assert.deepEqual(settled(), NOTHING);
  });
});

describe('a span of ours', () => {
  it('settles its charge when it ends, and is not charged by its usage', () => {
    const { ours, settled } = traced();
    const span = start(ours, 'chat gpt-5.2', CALL);
    let ended = 0;
    attachCharge(span as ChargeableSpan, {
      settle: () => {
        ended += 1;
        // The span is still open, so that thresholds become events of it.
        if (ended === 1) assert.equal(span.isRecording(), true);
      },
    });
    span.end();
    assert.ok(ended >= 1);
    assert.deepEqual(settled(), NOTHING);
  });

  it('does not fail the host where its charge throws', () => {
    const { ours } = traced();
    const span = start(ours, 'chat gpt-5.2', CALL);
    attachCharge(span as ChargeableSpan, {
      settle: () => {
        throw new Error('a fault of the store');
      },
    });
    assert.doesNotThrow(() => span.end());
  });
});

describe('a charge that fails later', () => {
  /** The rejections that nobody handled while it ran: each would end the process of the host. */
  async function unhandled(run: () => void): Promise<unknown[]> {
    const seen: unknown[] = [];
    const see = (error: unknown): void => void seen.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', see);
    run();
    for (let n = 0; n < 10; n += 1) await new Promise((done) => setImmediate(done));
    process.removeListener('unhandledRejection', see);
    for (const other of others) process.on('unhandledRejection', other);
    return seen;
  }

  it('of a span of ours does not end the process', async () => {
    const { ours } = traced();
    const span = start(ours, 'chat gpt-5.2', CALL);
    attachCharge(span as ChargeableSpan, { settle: () => Promise.reject(new StoreError('away')) });
    assert.deepEqual(await unhandled(() => span.end()), []);
  });

  it('of a span of another instrumentation does not end the process', async () => {
    const store = new MemoryStore();
    const { theirs } = traced({ store });
    store.charge = (): void => Promise.reject(new StoreError('away')) as never;
    assert.deepEqual(await unhandled(() => start(theirs, 'chat', CALL).end()), []);
  });
});
