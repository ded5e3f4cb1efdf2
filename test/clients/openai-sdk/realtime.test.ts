import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { makeAppDir } from '../../support/app-dir.ts';
import { listen } from '../../support/http.ts';
import { isObject, type JsonObject, parseObject } from '../../support/json.ts';
import { type FlatSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { registerPath, runNode } from '../../support/run-node.ts';

type OnEvent = (event: JsonObject, send: (event: object) => void) => void;

/** Starts a WebSocket server that sends the events `opens` first, and records what it receives. */
async function startService(t: TestContext, opens: readonly object[], onEvent: OnEvent) {
  const server = createServer();
  const received: JsonObject[] = [];
  new WebSocketServer({ server }).on('connection', (socket: WebSocket) => {
    const send = (event: object): void => socket.send(JSON.stringify(event));
    for (const event of opens) send(event);
    socket.on('message', (data) => {
      const event = parseObject(String(data)) ?? {};
      received.push(event);
      onEvent(event, send);
    });
  });
  const { url, close } = await listen(server);
  t.after(close);
  return { port: new URL(url).port, received };
}

interface RunResult {
  readonly printed: unknown[];
  readonly spans: readonly FlatSpan[];
  readonly stderr: string;
}

const PRELUDE = `
const net = require('node:net');
const OpenAI = require('openai');
const client = new OpenAI({ apiKey: 'x', baseURL: 'https://api.openai.com/v1' });
// The SDK accepts wss: only; the underlying connection goes to the test's own server.
const options = { createConnection: () => net.connect(process.env.PORT, '127.0.0.1') };
const budget = globalThis[Symbol.for('otel-token-budget.preloaded')].tracker;
const print = (value) => console.log(JSON.stringify(value));
const ledger = async () => { const { balances } = await budget.status(); return { ...balances.settled, open: balances.open, reserved: balances.reserved.costNanoUsd }; };
const charges = [];
budget.on((event) => event.type === 'call' && charges.push([event.origin, event.charged.costNanoUsd]));
budget.on((event) => event.type !== 'call' && print({ event: event.type, reason: event.reason, endpoint: event.endpoint }));
const closed = (rt) => new Promise((done) => { rt.socket.once('close', done); rt.close(); });
`;

/** Runs an application under the preload, as CommonJS or as an ES module. */
async function run(
  t: TestContext,
  port: string,
  script: string,
  env: Record<string, string> = {},
  kind: 'cjs' | 'mjs' = 'cjs',
): Promise<RunResult> {
  const app = makeAppDir();
  const otlp = await startOtlpReceiver();
  t.after(async () => {
    app.remove();
    await otlp.close();
  });
  const source = `${PRELUDE}${script}`;
  const code =
    kind === 'cjs'
      ? `(async () => {${source}})();`
      : source
          .replace(/const (\{.*?\}|\w+) = require\('openai'\);/g, "import $1 from 'openai';")
          .replace(/const (\{.*?\}|\w+) = require\('([^']+)'\);/g, "import $1 from '$2';");
  app.write(`app.${kind}`, code);
  const { stdout, stderr } = await runNode({
    args: [kind === 'cjs' ? '--require' : '--import', registerPath, `app.${kind}`],
    cwd: app.path,
    env: { ...otlp.env, PORT: port, TOKEN_BUDGET_USD: '1', ...env },
    timeoutMs: 30_000,
  });
  const printed = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
  return { printed, spans: otlp.spans().filter(({ scope }) => scope === 'otel-token-budget'), stderr };
}

const SESSION = {
  type: 'session.created',
  session: {
    model: 'gpt-realtime',
    instructions: 'Be brief.',
    audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } },
  },
};

const USAGE = {
  total_tokens: 300,
  input_tokens: 200,
  output_tokens: 100,
  input_token_details: {
    text_tokens: 50,
    audio_tokens: 150,
    cached_tokens: 100,
    cached_tokens_details: { text_tokens: 20, audio_tokens: 80 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 70 },
};
/** 30 text, 70 audio and 100 cached in, 30 text and 70 audio out, at gpt-realtime's prices. */
const COST = 30 * 4_000 + 70 * 32_000 + 100 * 400 + 30 * 16_000 + 70 * 64_000;

const created = (id: string) => ({ type: 'response.created', response: { id, status: 'in_progress' } });
const done = (id: string) => ({ type: 'response.done', response: { id, status: 'completed', usage: USAGE } });

const TALK = `
const { OpenAIRealtimeWS } = require('openai/realtime/ws');
const rt = new OpenAIRealtimeWS({ model: 'gpt-realtime', options }, client);
rt.on('error', (error) => print({ error: error.cause?.code ?? error.message }));
const seen = [];
rt.on('event', ({ type }) => seen.push(type));
const pause = () => new Promise((done) => setTimeout(done, 10));
/** Waits until that many events of a type have arrived, earlier ones included. */
const next = async (type, count = 1) => { while (seen.filter((one) => one === type).length < count) await pause(); };
await next('session.created');
`;

describe('a Realtime session', { concurrency: 4 }, () => {
  for (const kind of ['cjs', 'mjs'] as const) {
    test(`is charged by the usage of each response (${kind})`, async (t) => {
      let responses = 0;
      const { port, received } = await startService(t, [SESSION], ({ type }, send) => {
        if (type !== 'response.create') return;
        responses += 1;
        send(created(`resp_${responses}`));
        send(done(`resp_${responses}`));
      });
      const { printed, spans } = await run(
        t,
        port,
        `${TALK}
        for (let n = 0; n < 2; n += 1) {
          rt.send({ type: 'response.create', response: { max_output_tokens: 200 } });
          print(await ledger());
          await next('response.done', n + 1);
        }
        print(await ledger());
        await closed(rt);`,
        {},
        kind,
      );
      const [first, , last] = printed as { open: number; reserved: number }[];
      assert.equal(first?.open, 1);
      assert.ok((first?.reserved ?? 0) > 200 * 64_000);
      assert.deepEqual(last, { costNanoUsd: 2 * COST, tokens: 600, calls: 2, open: 0, reserved: 0 });
      assert.deepEqual(
        spans.map(({ attributes }) => [
          attributes['gen_ai.request.model'],
          attributes['token_budget.cost.nano_usd'],
          attributes['gen_ai.usage.audio.output_tokens'],
        ]),
        [
          ['gpt-realtime', COST, 70],
          ['gpt-realtime', COST, 70],
        ],
      );
      assert.equal(received.length, 2);
    });
  }

  test('has responses clamped or refused if the budget cannot pay for them', async (t) => {
    const { port, received } = await startService(t, [SESSION], ({ type }, send) => {
      if (type !== 'response.create') return;
      send(created('resp_1'));
      send(done('resp_1'));
    });
    const { printed } = await run(
      t,
      port,
      `${TALK}
      rt.send({ type: 'response.create' });
      await next('response.done');
      try { rt.send({ type: 'response.create' }); } catch (error) { print({ code: error.code, status: error.status }); }
      await closed(rt);`,
      { TOKEN_BUDGET_USD: '0.02' },
    );
    const sent = received[0]?.['response'];
    const cap = isObject(sent) ? Number(sent['max_output_tokens']) : 0;
    assert.ok(cap >= 16 && cap < 320, `${cap}`);
    assert.equal(received.length, 1);
    assert.ok(printed.some((one) => isObject(one) && one['code'] === 'token_budget_exceeded'));
  });

  test('is charged for responses that the service starts, which are cancelled once the budget is spent', async (t) => {
    const opens = [SESSION, created('resp_1'), done('resp_1'), created('resp_2')];
    const { port, received } = await startService(t, opens, ({ type, response_id }, send) => {
      if (type === 'response.cancel') send(done(String(response_id)));
    });
    const { printed } = await run(
      t,
      port,
      `${TALK}
      await next('response.done', 2);
      print(await ledger());
      await closed(rt);`,
      { TOKEN_BUDGET_USD: '0.008' },
    );
    assert.deepEqual(received, [{ type: 'response.cancel', response_id: 'resp_2' }]);
    assert.ok(printed.some((one) => isObject(one) && one['error'] === 'token_budget_exceeded'));
    assert.deepEqual(printed.at(-1), { costNanoUsd: 2 * COST, tokens: 600, calls: 2, open: 0, reserved: 0 });
  });

  test('is charged for a response that completes before a ledger in a file refuses it', async (t) => {
    const opens = [SESSION, created('resp_1'), done('resp_1'), created('resp_2'), done('resp_2')];
    const { port } = await startService(t, opens, () => {});
    const { printed } = await run(
      t,
      port,
      `${TALK}
      await next('response.done', 2);
      while ((await ledger()).calls < 2) await pause();
      print(await ledger());
      await closed(rt);`,
      { TOKEN_BUDGET_USD: '0.008', TOKEN_BUDGET_STORE: 'sqlite:./ledger.db' },
    );
    assert.ok(printed.some((one) => isObject(one) && one['error'] === 'token_budget_exceeded'));
    assert.deepEqual(printed.at(-1), { costNanoUsd: 2 * COST, tokens: 600, calls: 2, open: 0, reserved: 0 });
  });

  test('is charged for transcriptions, and for a response that a closed connection leaves open', async (t) => {
    const usage = {
      type: 'tokens',
      total_tokens: 22,
      input_tokens: 13,
      input_token_details: { text_tokens: 0, audio_tokens: 13 },
      output_tokens: 9,
    };
    const transcribed = {
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: 'i',
      transcript: 'x',
      usage,
    };
    const { port } = await startService(t, [SESSION, transcribed], ({ type }, send) => {
      if (type === 'response.create') send(created('resp_1'));
    });
    const { printed } = await run(
      t,
      port,
      `${TALK}
      await next('conversation.item.input_audio_transcription.completed');
      print(await ledger());
      print(charges);
      rt.send({ type: 'response.create', response: { max_output_tokens: 100 } });
      await next('response.created');
      const { reserved } = await ledger();
      await closed(rt);
      for (let n = 0; n < 100 && (await ledger()).open > 0; n += 1) await new Promise((done) => setTimeout(done, 20));
      print({ reserved, ...(await ledger()) });`,
    );
    const cost = 13 * 6_000 + 9 * 10_000;
    assert.deepEqual(printed[0], { costNanoUsd: cost, tokens: 22, calls: 0, open: 0, reserved: 0 });
    assert.deepEqual(printed[1], [['realtime', cost]]);
    const last = printed.at(-1) as Record<string, number>;
    assert.equal(last['open'], 0);
    assert.ok(Number(last['costNanoUsd']) > cost + 100 * 64_000, JSON.stringify(last));
  });

  test('releases the reservation of a response that the service rejects', async (t) => {
    const error = {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'busy', event_id: 'event_1' },
    };
    const { port } = await startService(t, [SESSION], ({ type }, send) => {
      if (type === 'response.create') send(error);
    });
    const { printed } = await run(
      t,
      port,
      `${TALK}
      rt.send({ type: 'response.create', event_id: 'event_1' });
      await next('error');
      print(await ledger());
      await closed(rt);`,
    );
    assert.deepEqual(printed.at(-1), { costNanoUsd: 0, tokens: 0, calls: 0, open: 0, reserved: 0 });
  });

  test('sends its events in order if the ledger answers later', async (t) => {
    const { port, received } = await startService(t, [SESSION], ({ type }, send) => {
      if (type !== 'response.create') return;
      send(created('resp_1'));
      send(done('resp_1'));
    });
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] };
    const { printed } = await run(
      t,
      port,
      `${TALK}
      rt.send({ type: 'conversation.item.create', item: ${JSON.stringify(item)} });
      rt.send({ type: 'response.create' });
      rt.send({ type: 'input_audio_buffer.clear' });
      await next('response.done');
      for (let n = 0; n < 100 && (await ledger()).open > 0; n += 1) await new Promise((done) => setTimeout(done, 20));
      print(await ledger());
      await closed(rt);`,
      { TOKEN_BUDGET_STORE: 'sqlite:./ledger.db' },
    );
    assert.deepEqual(
      received.map(({ type }) => type),
      ['conversation.item.create', 'response.create', 'input_audio_buffer.clear'],
    );
    assert.deepEqual(printed.at(-1), { costNanoUsd: COST, tokens: 300, calls: 1, open: 0, reserved: 0 });
  });
});

test('Responses over a WebSocket are metered like those over HTTP', async (t) => {
  const usage = { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 };
  const response = { id: 'resp_1', object: 'response', model: 'gpt-5.2', output: [], usage: null };
  const { port, received } = await startService(t, [], ({ type }, send) => {
    if (type !== 'response.create') return;
    send({ type: 'response.created', response: { ...response, status: 'in_progress' } });
    send({ type: 'response.completed', response: { ...response, status: 'completed', usage } });
  });
  const { printed, spans } = await run(
    t,
    port,
    `const { ResponsesWS } = require('openai/resources/responses/ws');
    const ws = new ResponsesWS(client, options);
    ws.on('error', (error) => print({ error: String(error) }));
    const completed = new Promise((done) => ws.on('response.completed', done));
    ws.send({ type: 'response.create', model: 'gpt-5.2', input: 'Hi.' });
    await completed;
    print(await ledger());
    await closed(ws);`,
  );
  assert.deepEqual(printed.at(-1), { costNanoUsd: 3_150_000, tokens: 1_100, calls: 1, open: 0, reserved: 0 });
  assert.equal(spans[0]?.attributes['openai.api.type'], 'responses');
  // $0.5 of the dollar at $14 a million, less what the input may cost.
  assert.ok(Number(received[0]?.['max_output_tokens']) < 36_000);
});

test('a Live session is reported as unmetered', async (t) => {
  const { port } = await startService(t, [], () => {});
  const { printed } = await run(
    t,
    port,
    `const { LiveWS } = require('openai/resources/live/ws');
    const ws = new LiveWS(client, options);
    ws.on('error', (error) => print({ error: String(error) }));
    ws.send({ type: 'session.start', session: { model: 'gpt-live-1' } });
    await closed(ws);`,
  );
  assert.partialDeepStrictEqual(printed[0], {
    event: 'unmetered',
    reason: 'endpoint',
    endpoint: 'WebSocket /live',
  });
});
