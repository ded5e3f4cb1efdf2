import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import OpenAI, { OpenAIError } from 'openai';
import { BudgetExceededError, defineBudget, NOTHING } from '../../src/budget/index.ts';
import { errorType, failureCost } from '../../src/calls/failure-billing.ts';

/** What the SDK throws of a call to a server like that. */
async function thrown(
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

function answerWith(status: number): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'no', type: 'x', code: 'y' } }));
  };
}

describe('a failed call cost nothing', () => {
  for (const status of [400, 401, 403, 404, 409, 422, 429, 500, 503]) {
    it(`where the service answered ${status}`, async () => {
      const error = await thrown(answerWith(status));
      assert.deepEqual([failureCost(error, OpenAI), errorType(error, OpenAI)], ['nothing', String(status)]);
    });
  }

  it('where nothing listens', async () => {
    const error = await thrown(undefined);
    assert.equal(failureCost(error, OpenAI), 'nothing');
    assert.equal(errorType(error, OpenAI), 'APIConnectionError');
  });

  it('where its body cannot be made', async () => {
    const input: unknown[] = [];
    input.push(input);
    const error = await thrown(answerWith(200), { body: { input } });
    assert.equal(failureCost(error, OpenAI), 'nothing');
  });

  it('where the client could not be made', () => {
    assert.equal(failureCost(new OpenAIError('a key is missing'), OpenAI), 'nothing');
  });

  it('where it was refused here', () => {
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
      [failureCost(error, OpenAI), errorType(error, OpenAI)],
      ['nothing', 'token_budget_exceeded'],
    );
  });

  for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    it(`where it was never reached: ${code}`, () => {
      const cause = new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) });
      assert.equal(failureCost(new OpenAI.APIConnectionError({ message: 'x', cause }), OpenAI), 'nothing');
    });
  }

  it('where no address of the host was reached', () => {
    const refused = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    const all = new AggregateError([refused, refused]);
    const some = new AggregateError([refused, Object.assign(new Error(), { code: 'ECONNRESET' })]);
    assert.equal(failureCost(new OpenAI.APIConnectionError({ cause: all }), OpenAI), 'nothing');
    assert.equal(failureCost(new OpenAI.APIConnectionError({ cause: some }), OpenAI), 'unknown');
  });
});

describe('a failed call may have cost something', () => {
  it('where it was aborted on its way', async () => {
    const controller = new AbortController();
    const error = await thrown(() => {}, {
      signal: controller.signal,
      onRequest: () => controller.abort(),
    });
    assert.ok(error instanceof OpenAI.APIUserAbortError);
    assert.deepEqual([failureCost(error, OpenAI), errorType(error, OpenAI)], ['unknown', 'aborted']);
  });

  it('where no answer came in time', async () => {
    const error = await thrown(() => {}, { timeout: 100 });
    assert.ok(error instanceof OpenAI.APIConnectionTimeoutError);
    assert.deepEqual([failureCost(error, OpenAI), errorType(error, OpenAI)], ['unknown', 'timeout']);
  });

  it('where the connection broke', async () => {
    const error = await thrown((request) => request.socket.destroy());
    assert.ok(error instanceof OpenAI.APIConnectionError);
    assert.deepEqual(
      [failureCost(error, OpenAI), errorType(error, OpenAI)],
      ['unknown', 'APIConnectionError'],
    );
  });

  it('where what was thrown tells nothing', () => {
    for (const error of [undefined, null, 'x', 5, {}, new Error('x'), { status: '500' }]) {
      assert.equal(failureCost(error, OpenAI), 'unknown');
    }
    assert.equal(errorType('x'), '_OTHER');
    assert.equal(errorType(new RangeError('x')), 'RangeError');
    assert.equal(errorType(new DOMException('x', 'AbortError')), 'aborted');
  });

  it('where its causes go round', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    assert.equal(failureCost(error, OpenAI), 'unknown');
  });

  it('where fetch itself failed for a cause', () => {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    assert.equal(failureCost(new TypeError('fetch failed', { cause })), 'unknown');
  });
});

describe('a bundled client whose classes were renamed', () => {
  // As a minifier leaves them: one letter, and the statics of the client.
  class a extends Error {}
  class b extends a {}
  class c extends b {}
  class d extends b {}
  const client = { OpenAIError: a, APIError: b, APIConnectionTimeoutError: c, APIUserAbortError: d };

  it('has its errors told apart', () => {
    assert.equal(failureCost(new a('The OPENAI_API_KEY environment variable is missing'), client), 'nothing');
    assert.equal(failureCost(new b('Connection error.'), client), 'unknown');
    assert.deepEqual([failureCost(new c(), client), errorType(new c(), client)], ['unknown', 'timeout']);
    assert.deepEqual([failureCost(new d(), client), errorType(new d(), client)], ['unknown', 'aborted']);
  });
});
