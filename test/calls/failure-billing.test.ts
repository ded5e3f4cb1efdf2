import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import OpenAI, { OpenAIError } from 'openai';
import { BudgetExceededError, defineBudget, NOTHING } from '../../src/budget/index.ts';
import { errorType, failureCharge } from '../../src/calls/failure-billing.ts';

/** The error that the SDK throws for a call to a server with this listener; undefined: nothing listens. */
async function errorOfCall(
  listener: RequestListener | undefined,
  options: { timeout?: number; signal?: AbortSignal; onRequest?: () => void; body?: object } = {},
): Promise<unknown> {
  const server = createServer((request, response) => {
    options.onRequest?.();
    listener?.(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  if (listener === undefined) await close();
  const client = new OpenAI({
    apiKey: 'k',
    baseURL: `http://127.0.0.1:${port}/v1`,
    maxRetries: 0,
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  });
  try {
    const body = { model: 'gpt-5.2', input: 'x', ...options.body };
    await client.responses.create(body, options.signal === undefined ? {} : { signal: options.signal });
  } catch (error) {
    return error;
  } finally {
    if (listener !== undefined) await close();
  }
  return assert.fail('the call did not fail');
}

function respondWith(status: number): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'no', type: 'x', code: 'y' } }));
  };
}

describe('a failed call costs nothing', () => {
  for (const status of [400, 401, 403, 404, 409, 422, 429, 501, 521, 522, 529]) {
    it(`if the service responds with ${status}`, async () => {
      const error = await errorOfCall(respondWith(status));
      assert.deepEqual([failureCharge(error, OpenAI), errorType(error, OpenAI)], ['nothing', String(status)]);
    });
  }

  it('if nothing listens', async () => {
    const error = await errorOfCall(undefined);
    assert.equal(failureCharge(error, OpenAI), 'nothing');
    assert.equal(errorType(error, OpenAI), 'APIConnectionError');
  });

  it('if its body cannot be serialized', async () => {
    const input: unknown[] = [];
    input.push(input);
    const error = await errorOfCall(respondWith(200), { body: { input } });
    assert.equal(failureCharge(error, OpenAI), 'nothing');
  });

  it('if the client cannot be created', () => {
    assert.equal(failureCharge(new OpenAIError('a key is missing'), OpenAI), 'nothing');
  });

  it('if the budget refuses it', () => {
    const budget = defineBudget({ name: 'b', limits: { tokens: 1 } });
    const balances = { settled: NOTHING, reserved: NOTHING, open: 0, startedAt: 0 };
    const error = new BudgetExceededError({
      admitted: false,
      budget,
      limit: 'tokens',
      balances,
      requested: NOTHING,
    });
    assert.deepEqual(
      [failureCharge(error, OpenAI), errorType(error, OpenAI)],
      ['nothing', 'token_budget_exceeded'],
    );
  });

  for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    it(`if the service is never reached: ${code}`, () => {
      const cause = new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) });
      assert.equal(failureCharge(new OpenAI.APIConnectionError({ message: 'x', cause }), OpenAI), 'nothing');
    });
  }

  it('if no address of the host is reached', () => {
    const refused = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    const all = new AggregateError([refused, refused]);
    const some = new AggregateError([refused, Object.assign(new Error(), { code: 'ECONNRESET' })]);
    assert.equal(failureCharge(new OpenAI.APIConnectionError({ cause: all }), OpenAI), 'nothing');
    assert.equal(failureCharge(new OpenAI.APIConnectionError({ cause: some }), OpenAI), 'worst-case');
  });
});

describe('the cost of a failed call is unknown', () => {
  it('if it is aborted after it was sent', async () => {
    const controller = new AbortController();
    const error = await errorOfCall(() => {}, {
      signal: controller.signal,
      onRequest: () => controller.abort(),
    });
    assert.ok(error instanceof OpenAI.APIUserAbortError);
    assert.deepEqual([failureCharge(error, OpenAI), errorType(error, OpenAI)], ['worst-case', 'aborted']);
  });

  it('if it times out', async () => {
    const error = await errorOfCall(() => {}, { timeout: 100 });
    assert.ok(error instanceof OpenAI.APIConnectionTimeoutError);
    assert.deepEqual([failureCharge(error, OpenAI), errorType(error, OpenAI)], ['worst-case', 'timeout']);
  });

  it('if the connection breaks', async () => {
    const error = await errorOfCall((request) => request.socket.destroy());
    assert.ok(error instanceof OpenAI.APIConnectionError);
    assert.deepEqual(
      [failureCharge(error, OpenAI), errorType(error, OpenAI)],
      ['worst-case', 'APIConnectionError'],
    );
  });

  it('if the error says nothing about it', () => {
    for (const error of [undefined, null, 'x', 5, {}, new Error('x'), { status: '500' }]) {
      assert.equal(failureCharge(error, OpenAI), 'worst-case');
    }
    assert.equal(errorType('x'), '_OTHER');
    assert.equal(errorType(new RangeError('x')), 'RangeError');
    assert.equal(errorType(new DOMException('x', 'AbortError')), 'aborted');
  });

  it('if its causes form a cycle', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    assert.equal(failureCharge(error, OpenAI), 'worst-case');
  });

  it('if fetch fails with a cause', () => {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    assert.equal(failureCharge(new TypeError('fetch failed', { cause })), 'worst-case');
  });
});

describe('a client whose classes a bundler renamed', () => {
  // A minifier leaves one-letter names, and the statics of the client.
  class a extends Error {}
  class b extends a {}
  class c extends b {}
  class d extends b {}
  const client = { OpenAIError: a, APIError: b, APIConnectionTimeoutError: c, APIUserAbortError: d };

  it('has its errors classified by their classes', () => {
    assert.equal(
      failureCharge(new a('The OPENAI_API_KEY environment variable is missing'), client),
      'nothing',
    );
    assert.equal(failureCharge(new b('Connection error.'), client), 'worst-case');
    assert.deepEqual([failureCharge(new c(), client), errorType(new c(), client)], ['worst-case', 'timeout']);
    assert.deepEqual([failureCharge(new d(), client), errorType(new d(), client)], ['worst-case', 'aborted']);
  });
});
