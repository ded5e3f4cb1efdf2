/**
 * An application under test that uses every power of the SDK's promises and streams, one scenario after another, and prints what
 * it saw. Run with and without the preload it must print the same.
 *
 * Environment: REPLAY_URL; SCENARIOS (names, comma-separated; all where absent).
 */
const CHAT = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }],
};
const STREAM = { ...CHAT, stream: true };

const as = (id, behaviour) => ({
  headers: {
    'x-replay-id': id,
    ...(behaviour ? { 'x-replay-behaviour': JSON.stringify(behaviour) } : {}),
  },
});

async function collect(stream) {
  const seen = [];
  for await (const chunk of stream) seen.push(chunk);
  return seen;
}

async function readAll(stream) {
  const parts = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

export const scenarios = {
  await: (c) => c.chat.completions.create(CHAT, as('chat-plain')),
  async awaitTwice(c) {
    const promise = c.chat.completions.create(CHAT, as('chat-plain'));
    const [first, second] = [await promise, await promise];
    return { same: first === second, first };
  },
  async chained(c) {
    return c.chat.completions
      .create(CHAT, as('chat-plain'))
      .then((answer) => answer.id)
      .finally(() => undefined);
  },
  async withResponse(c) {
    const { data, response, request_id } = await c.chat.completions
      .create(CHAT, as('chat-plain'))
      .withResponse();
    return {
      data,
      status: response.status,
      type: response.headers.get('content-type'),
      hasId: typeof request_id,
    };
  },
  async asResponseJson(c) {
    const response = await c.chat.completions.create(CHAT, as('chat-plain')).asResponse();
    return { status: response.status, ok: response.ok, json: await response.json() };
  },
  async asResponseText(c) {
    const response = await c.chat.completions.create(CHAT, as('chat-plain')).asResponse();
    return response.text();
  },
  async asResponseBody(c) {
    const response = await c.chat.completions.create(CHAT, as('chat-plain')).asResponse();
    return readAll(response.body);
  },
  async asResponseStream(c) {
    const response = await c.chat.completions
      .create(STREAM, as('chat-stream-plain', { chunkBytes: 37 }))
      .asResponse();
    return readAll(response.body);
  },
  async asResponseStreamText(c) {
    const response = await c.chat.completions.create(STREAM, as('chat-stream-plain')).asResponse();
    return response.text();
  },
  async thenUnwrap(c) {
    const promise = c.chat.completions
      .create(CHAT, as('chat-plain'))
      ._thenUnwrap((answer) => answer.choices.length);
    return { value: await promise, response: (await promise.asResponse()).status };
  },
  async parse(c) {
    const completions = c.chat.completions.parse ? c.chat.completions : c.beta.chat.completions;
    const body = {
      ...CHAT,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
    };
    const answer = await completions.parse(body, as('chat-structured'));
    return {
      content: answer.choices[0].message.content,
      keys: Object.keys(answer.choices[0].message).sort(),
    };
  },
  async parseThrows(c) {
    const completions = c.chat.completions.parse ? c.chat.completions : c.beta.chat.completions;
    const format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: {} } };
    Object.defineProperty(format, '$brand', { value: 'auto-parseable-response-format', enumerable: false });
    Object.defineProperty(format, '$parseRaw', {
      value: () => {
        throw new Error('not this shape');
      },
      enumerable: false,
    });
    return completions.parse({ ...CHAT, response_format: format }, as('chat-structured'));
  },
  async helperStream(c) {
    const completions = c.chat.completions.stream ? c.chat.completions : c.beta.chat.completions;
    const runner = completions.stream(CHAT, as('chat-stream-plain'));
    const events = [];
    runner.on('content', (delta) => events.push(delta));
    return { final: await runner.finalContent(), events };
  },
  async runTools(c) {
    const completions = c.chat.completions.runTools ? c.chat.completions : c.beta.chat.completions;
    const calls = [];
    const runner = completions.runTools(
      {
        ...CHAT,
        tools: [
          {
            type: 'function',
            function: {
              name: 'get_weather',
              parameters: { type: 'object', properties: {} },
              function: (args) => {
                calls.push(args);
                return 'cold';
              },
            },
          },
        ],
      },
      { ...as('chat-tools'), maxChatCompletions: 2 },
    );
    await runner.done().catch((error) => calls.push(error.constructor.name));
    return calls;
  },
  stream: async (c) =>
    collect(await c.chat.completions.create(STREAM, as('chat-stream-plain', { chunkBytes: 50 }))),
  streamTools: async (c) => collect(await c.chat.completions.create(STREAM, as('chat-stream-tools'))),
  async streamWithResponse(c) {
    const { data, response } = await c.chat.completions
      .create(STREAM, as('chat-stream-plain'))
      .withResponse();
    return { status: response.status, chunks: await collect(data) };
  },
  async tee(c) {
    const [left, right] = (await c.chat.completions.create(STREAM, as('chat-stream-plain'))).tee();
    return Promise.all([collect(left), collect(right)]);
  },
  async toReadableStream(c) {
    const stream = await c.chat.completions.create(STREAM, as('chat-stream-plain'));
    return readAll(stream.toReadableStream());
  },
  async breakEarly(c) {
    const stream = await c.chat.completions.create(STREAM, as('chat-stream-plain', { chunkDelayMs: 5 }));
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 3) break;
    return { chunks, aborted: stream.controller.signal.aborted };
  },
  async controllerAbort(c) {
    // So slow that a busy machine has read the second before the third is sent.
    const stream = await c.chat.completions.create(STREAM, as('chat-stream-plain', { chunkDelayMs: 60 }));
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 2) stream.controller.abort();
    return { chunks };
  },
  async consumedTwice(c) {
    const stream = await c.chat.completions.create(STREAM, as('chat-stream-plain'));
    const first = (await collect(stream)).length;
    return { first, second: await collect(stream) };
  },
  async cutStream(c) {
    return collect(await c.chat.completions.create(STREAM, as('chat-stream-plain', { cutAfterBytes: 600 })));
  },
  error404: (c) => c.chat.completions.create(CHAT, as('chat-plain', { status: 404 })),
  async errorWithResponse(c) {
    return c.chat.completions.create(CHAT, as('chat-plain', { status: 400 })).withResponse();
  },
  async abortSignal(c) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 60);
    return c.chat.completions.create(CHAT, {
      ...as('chat-plain', { hang: true }),
      signal: controller.signal,
    });
  },
  abortedBefore: (c) => c.chat.completions.create(CHAT, { ...as('chat-plain'), signal: AbortSignal.abort() }),
  timeout: (c) => c.chat.completions.create(CHAT, { ...as('chat-plain', { hang: true }), timeout: 80 }),
  html: (c) => c.chat.completions.create(CHAT, as('malformed-html')),
  brokenJson: (c) => c.chat.completions.create(CHAT, as('chat-plain', { body: '{"id": "x", ' })),
  models: async (c) => c.models.list(as('none')),
  async responses(c) {
    const answer = await c.responses.create({ model: 'gpt-5.2', input: 'x' }, as('responses-plain'));
    return { text: answer.output_text, keys: Object.keys(answer).sort() };
  },
  responsesStream: async (c) =>
    collect(await c.responses.create({ model: 'gpt-5.2', input: 'x', stream: true }, as('responses-stream'))),
  async responsesHelper(c) {
    const stream = c.responses.stream({ model: 'gpt-5.2', input: 'x' }, as('responses-stream'));
    const types = [];
    for await (const event of stream) types.push(event.type);
    return { types, text: (await stream.finalResponse()).output_text };
  },
  async embeddings(c) {
    const answer = await c.embeddings.create(
      { model: 'text-embedding-3-small', input: 'x' },
      as('embeddings-one'),
    );
    return { n: answer.data.length, first: answer.data[0].embedding.slice(0, 2) };
  },
};

export async function run({ OpenAI }) {
  const client = new OpenAI({ apiKey: 'sk-test', baseURL: `${process.env.REPLAY_URL}/v1`, maxRetries: 0 });
  const names = process.env.SCENARIOS?.split(',') ?? Object.keys(scenarios);
  const seen = {};
  for (const name of names) {
    if (!client.responses && name.startsWith('responses')) continue;
    try {
      seen[name] = (await scenarios[name](client)) ?? null;
    } catch (error) {
      seen[name] = { threw: error.constructor.name, status: error.status, message: error.message };
    }
  }
  process.stdout.write(JSON.stringify(seen));
}
