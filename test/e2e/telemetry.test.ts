import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runScript } from '../support/script-run.ts';

const CALLS = (n: number) => `
for (let n = 0; n < ${n}; n += 1) await client.chat.completions.create(CHAT, replay('chat-plain'));
print(await budget().status());
`;

interface Status {
  readonly balances: {
    readonly settled: { readonly costNanoUsd: number; readonly tokens: number; readonly calls: number };
  };
}

describe('calls are charged whatever becomes of their spans', { concurrency: 2 }, () => {
  for (const [name, env, exported] of [
    ['sampled', {}, 20],
    [
      'sampled at 1 in 100',
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
      undefined,
    ],
    ['never sampled', { OTEL_TRACES_SAMPLER: 'always_off' }, 0],
    ['never sampled by the parent', { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 0],
    ['no exporter', { OTEL_TRACES_EXPORTER: 'none' }, 0],
    ['the SDK disabled', { OTEL_SDK_DISABLED: 'true' }, 0],
  ] as const) {
    test(name, async () => {
      const { printed, spans, server, stderr } = await runScript({
        script: CALLS(20),
        env: { TOKEN_BUDGET_USD: '5', ...env },
      });
      const { settled } = (printed[0] as Status).balances;
      const billed = server.account.reduce(
        (sum, { billed }) => sum + (billed?.input ?? 0) + (billed?.output ?? 0),
        0,
      );
      assert.equal(settled.calls, 20);
      assert.equal(settled.tokens, billed);
      assert.ok(settled.costNanoUsd > 0);
      assert.equal(stderr, '');
      if (exported === undefined) assert.ok(spans.length < 20);
      else assert.equal(spans.length, exported);
    });
  }
});

test('a variable by which telemetry is lost is named on stderr', async () => {
  const { spans, stderr } = await runScript({
    script: CALLS(1),
    env: { TOKEN_BUDGET_USD: '5', OTEL_TRACES_EXPORTER: 'otpl', OTEL_EXPORTER_OTLP_PROTOCOL: 'nonsense' },
  });
  assert.equal(spans.length, 0);
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    'otel-token-budget: OTEL_TRACES_EXPORTER: got "otpl", expected otlp, console or none; nothing is sent there',
    'otel-token-budget: OTEL_EXPORTER_OTLP_PROTOCOL: got "nonsense", expected http/json, http/protobuf or grpc; http/json is used',
  ]);
});

test('a span follows the GenAI conventions and carries its tokens and its cost', async () => {
  const { spans, server } = await runScript({
    script: `await client.chat.completions.create({ ...CHAT, temperature: 0.2, top_p: 0.9, seed: 7, stop: ['x'], max_tokens: 300 }, replay('chat-plain'));`,
    env: { TOKEN_BUDGET_USD: '5', OTEL_SERVICE_NAME: 'my-agent', OTEL_RESOURCE_ATTRIBUTES: 'team=search' },
  });
  const [span] = spans;
  assert.ok(span);
  assert.equal(span.name, 'chat gpt-4o-mini');
  assert.equal(span.kind, 3);
  assert.equal(span.resource['service.name'], 'my-agent');
  assert.equal(span.resource['team'], 'search');
  const { attributes } = span;
  const billed = server.account[0]?.billed;
  const cost = Number(attributes['token_budget.cost.nano_usd']);
  const expected = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.request.temperature': 0.2,
    'gen_ai.request.top_p': 0.9,
    'gen_ai.request.seed': 7,
    'gen_ai.request.stop_sequences': ['x'],
    'gen_ai.request.max_tokens': 300,
    'openai.api.type': 'chat_completions',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(server.url).port),
    'gen_ai.usage.input_tokens': billed?.input,
    'gen_ai.usage.output_tokens': billed?.output,
    'gen_ai.usage.cost.amount': cost / 1e9,
    'gen_ai.usage.cost.currency': 'USD',
    'gen_ai.usage.cost.source': 'local',
    'gen_ai.response.finish_reasons': ['stop'],
    'token_budget.name': 'default',
    'token_budget.mode': 'strict',
    'token_budget.decision': 'admit',
    'token_budget.left.cost': (5e9 - cost) / 1e9,
  };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(attributes[name], value, name);
  assert.match(String(attributes['gen_ai.response.model']), /^gpt-4o-mini-/);
});

test('metrics have the recommended names, units and buckets, and the budget its gauges', async () => {
  const { otlp } = await runScript({
    script: CALLS(2),
    env: { TOKEN_BUDGET_USD: '5', TOKEN_BUDGET_TOKENS: '100000' },
  });
  const points = otlp.metrics();
  const of = (name: string) => points.filter((point) => point.name === name);
  const tokens = ['input', 'output'].flatMap((kind) =>
    of(`gen_ai.client.inference.operation.${kind}_tokens`),
  );
  assert.equal(tokens.length, 2);
  const [used] = of('gen_ai.client.inference.usage.output_tokens');
  assert.deepEqual([used?.unit, used?.attributes['gen_ai.token.modality']], ['{token}', 'text']);
  assert.equal(tokens[0]?.unit, '{token}');
  assert.deepEqual(tokens[0]?.bounds?.slice(0, 4), [1, 4, 16, 64]);
  assert.equal(tokens[0]?.bounds?.at(-1), 67_108_864);
  const [duration] = of('gen_ai.client.inference.duration');
  assert.equal(duration?.unit, 's');
  assert.deepEqual([duration?.bounds?.[0], duration?.bounds?.at(-1)], [0.01, 81.92]);
  for (const name of [
    'token_budget.limit',
    'token_budget.settled',
    'token_budget.reserved',
    'token_budget.left',
  ]) {
    assert.deepEqual(
      of(name)
        .map(({ attributes }) => attributes['token_budget.limit'])
        .sort(),
      ['costUsd', 'tokens'],
      name,
    );
  }
  assert.equal(of('token_budget.calls')[0]?.value, 2);
  assert.ok(Number(of('token_budget.cost')[0]?.value) > 0);
});

describe('content', { concurrency: 2 }, () => {
  const script = `await client.chat.completions.create({ ...CHAT, user: 'u-1' }, replay('chat-plain'));
    await client.chat.completions.create({ ...CHAT, messages: [{ role: 'user', content: 'The tides at Brest' }] }, replay('chat-plain', { status: 500 })).catch(() => {});`;
  const everything = ({ otlp }: Awaited<ReturnType<typeof runScript>>): string =>
    JSON.stringify([otlp.spans(), otlp.metrics(), otlp.logs()], (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );

  test('does not leave the process by default, nor does the key', async () => {
    const sent = everything(await runScript({ script, env: { TOKEN_BUDGET_USD: '5' } }));
    assert.ok(sent.includes('gpt-4o-mini'));
    for (const secret of ['tides', 'Brest', 'sk-secret-key', 'script.mjs'])
      assert.ok(!sent.includes(secret), secret);
  });

  test('goes into the span with the standard opt-in', async () => {
    const { spans } = await runScript({
      script,
      env: { TOKEN_BUDGET_USD: '5', OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' },
    });
    const input = JSON.parse(String(spans[0]?.attributes['gen_ai.input.messages']));
    assert.deepEqual(input, [
      { role: 'user', parts: [{ type: 'text', content: 'The tides at Brest today, in one line.' }] },
    ]);
    const output = JSON.parse(String(spans[0]?.attributes['gen_ai.output.messages']));
    assert.equal(output[0].role, 'assistant');
    assert.equal(output[0].finish_reason, 'stop');
  });
});

describe('usage of a stream', { concurrency: 2 }, () => {
  const stream = (client: string) => `
    const stream = await ${client}.chat.completions.create({ ...CHAT, stream: true }, replay('chat-stream-plain'));
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    print({ usage: chunks.filter((chunk) => 'usage' in chunk).length, empty: chunks.filter(({ choices }) => choices.length === 0).length });`;
  const azure = (version: string) =>
    `new AzureOpenAI({ apiKey: 'x', endpoint: url, apiVersion: '${version}', maxRetries: 0 })`;
  const asked = { source: 'response', options: { include_usage: true } };
  const counted = { source: 'local', options: undefined };
  // The default base URL, with the way there led to the replay server.
  const openai = `new OpenAI({ apiKey: 'x', maxRetries: 0, fetch: (at, init) => fetch(String(at).replace('https://api.openai.com', url), init) })`;
  for (const [name, client, expected, config] of [
    ['is asked for on OpenAI', openai, asked, {}],
    ['is asked for on Azure', azure('2024-10-21'), asked, {}],
    ['is not asked for on an Azure that would refuse it', azure('2024-06-01'), counted, {}],
    ['is counted elsewhere', 'client', counted, {}],
    ['is asked for where the settings say so', 'client', asked, { includeUsage: 'always' }],
    ['is not asked for where the settings say so', openai, counted, { includeUsage: 'never' }],
  ] as const) {
    test(name, async () => {
      const { spans, server, printed, stderr } = await runScript({ script: stream(client), config });
      assert.deepEqual(server.account[0]?.body?.['stream_options'], expected.options, stderr);
      assert.equal(spans[0]?.attributes['token_budget.usage.source'], expected.source);
      // The service billed 17 and 28; a count of plain text comes to the same.
      assert.equal(spans[0]?.attributes['gen_ai.usage.input_tokens'], 17);
      assert.equal(spans[0]?.attributes['gen_ai.usage.output_tokens'], 28);
      assert.deepEqual(printed[0], { usage: 0, empty: 0 });
    });
  }

  test('is left to a caller that asks for it', async () => {
    const { printed } = await runScript({
      script: `const stream = await client.chat.completions.create({ ...CHAT, stream: true, stream_options: { include_usage: true } }, replay('chat-stream-usage'));
        let last; for await (const chunk of stream) last = chunk; print(last.usage.total_tokens);`,
      config: { includeUsage: 'always' },
    });
    assert.equal(printed[0], 45);
  });
});
